import Glibc
import NetIO

/// A piece of a request body. It is sent from where it is.
package enum BodySlice: Sendable {
    case payload(Payload, Range<Int>)
    case bytes([UInt8])

    /// Of a payload that is in memory as a whole.
    package init(_ payload: Payload) { self.init(payload, range: 0..<payload.byteCount) }

    /// - Parameter range: is cut to the payload's bytes in memory.
    package init(_ payload: Payload, range: Range<Int>) {
        self = .payload(payload, range.clamped(to: 0..<payload.buffer.count))
    }

    package init(bytes: [UInt8]) { self = .bytes(bytes) }

    package var count: Int {
        switch self {
        case .payload(_, let range): range.count
        case .bytes(let bytes): bytes.count
        }
    }
}

/// Bounds of one request's time; nil is the engine's.
package struct RequestTimeouts: Sendable {
    package var connectNs: Int64?
    package var idleNs: Int64?
    package var totalNs: Int64?

    package init(connectNs: Int64? = nil, idleNs: Int64? = nil, totalNs: Int64? = nil) {
        self.connectNs = connectNs
        self.idleNs = idleNs
        self.totalNs = totalNs
    }
}

/// One HTTP/1.1 request, its head already written out.
package struct Request: Sendable {
    package var origin: Origin
    /// Request line and fields with the blank line. It must be right: it is sent as it is.
    package var head: [UInt8]
    package var body: [BodySlice]
    /// The head carries `Expect: 100-continue`: the body waits for the interim answer.
    package var expectsContinue: Bool
    /// How many redirects are followed: 307 and 308 with the same method and body, 301, 302 and
    /// 303 only for GET and HEAD. One that is not followed is an answer like any other.
    package var redirectLimit: Int
    /// May it be sent again when a kept connection turns out to be closed? nil: if its method is
    /// idempotent.
    package var isRepeatable: Bool?
    package var timeouts: RequestTimeouts
    /// A kept connection is used again only within its group: one for each client that has its own.
    package var connectionGroup = 0
    /// As browsers do over HTTP/1.1: the body is sent to its end even when the answer comes before.
    package var sendsWholeBody = false

    package init(
        origin: Origin, head: [UInt8], body: [BodySlice] = [], expectsContinue: Bool = false,
        redirectLimit: Int = 0, isRepeatable: Bool? = nil,
        timeouts: RequestTimeouts = RequestTimeouts()
    ) {
        self.origin = origin
        self.head = head
        self.body = body
        self.expectsContinue = expectsContinue
        self.redirectLimit = redirectLimit
        self.isRepeatable = isRepeatable
        self.timeouts = timeouts
    }

    package var bodyCount: Int { body.reduce(0) { $0 + $1.count } }

    // MARK: For the engine

    func hasMethod(_ method: StaticString) -> Bool {
        let length = method.utf8CodeUnitCount
        return head.withUnsafeBytes { head in
            guard let start = head.baseAddress, head.count > length else { return false }
            return head[length] == 0x20 && memcmp(start, method.utf8Start, length) == 0
        }
    }

    var isHead: Bool { hasMethod("HEAD") }

    /// RFC 9110 §9.2.2.
    package var mayBeRepeated: Bool {
        isRepeatable
            ?? (hasMethod("PUT") || hasMethod("GET") || hasMethod("HEAD") || hasMethod("DELETE")
                || hasMethod("OPTIONS"))
    }

    /// What would leave the server waiting for the rest of the head; nil if nothing.
    var problem: String? {
        head.withUnsafeBytes { head in
            let count = head.count
            guard count > 4, head[count - 4] == 13, head[count - 3] == 10, head[count - 2] == 13,
                head[count - 1] == 10
            else { return "its head does not end in a blank line" }
            return isTokenByte(head[0]) ? nil : "it has no method"
        }
    }

    // MARK: Pieces: the head is 0, the body's slices follow

    var pieceCount: Int { body.count + 1 }

    func pieceLength(_ piece: Int) -> Int { piece == 0 ? head.count : body[piece - 1].count }

    @inline(__always)
    func withPiece(_ piece: Int, _ send: (UnsafeRawBufferPointer) -> Int) -> Int {
        guard piece > 0 else { return head.withUnsafeBytes(send) }
        switch body[piece - 1] {
        case .payload(let payload, let range): return send(payload.buffer.slice(range))
        case .bytes(let bytes): return bytes.withUnsafeBytes(send)
        }
    }
}
