/// A piece of a request body. Payloads are sent from where they are; small bytes are copied once
/// into the connection's buffer, behind the head.
package enum BodySlice: Sendable {
    case payload(Payload, Range<Int>)
    case bytes([UInt8])

    package init(_ payload: Payload) { self = .payload(payload, 0..<payload.buffer.count) }
    package init(bytes: [UInt8]) { self = .bytes(bytes) }

    package var count: Int {
        switch self {
        case .payload(_, let range): range.count
        case .bytes(let bytes): bytes.count
        }
    }
}

/// One HTTP/1.1 request, its head already written out.
package struct Request: Sendable {
    package var origin: Origin
    /// Request line and fields with the blank line. It must be right: it is sent as it is.
    package var head: [UInt8]
    package var body: [BodySlice]
    /// The head carries `Expect: 100-continue`: the body waits for the interim answer.
    package var expectsContinue = false
    /// How many 307 and 308 answers are followed with the same method and body.
    package var redirectLimit = 0

    package init(
        origin: Origin, head: [UInt8], body: [BodySlice], expectsContinue: Bool = false,
        redirectLimit: Int = 0
    ) {
        self.origin = origin
        self.head = head
        self.body = body
        self.expectsContinue = expectsContinue
        self.redirectLimit = redirectLimit
    }

    package var bodyCount: Int { body.reduce(0) { $0 + $1.count } }

    /// The word before the first space.
    var method: ArraySlice<UInt8> { head.prefix { $0 != 0x20 } }

    /// May be sent again although it may have arrived (RFC 9110 §9.2.2)?
    var isIdempotent: Bool {
        !method.elementsEqual("POST".utf8) && !method.elementsEqual("PATCH".utf8)
    }

    var isHead: Bool { method.elementsEqual("HEAD".utf8) }

    /// The same request at another place. `Authorization` and cookies stay with the origin that
    /// they were given for (Fetch standard, "HTTP-redirect fetch").
    func redirected(to origin: Origin, target: String) -> Request {
        var copy = self
        copy.origin = origin
        copy.redirectLimit -= 1
        var lines = String(decoding: head, as: UTF8.self).components(separatedByLineEnds: ())
        lines[0] = "\(String(decoding: method, as: UTF8.self)) \(target) HTTP/1.1"
        let isSameOrigin = origin == self.origin
        lines = lines.compactMap { line in
            let name = line.prefix { $0 != ":" }.lowercased()
            if name == "host" { return "Host: \(origin.authority)" }
            return !isSameOrigin && ["authorization", "cookie"].contains(name) ? nil : line
        }
        copy.head = Array(lines.joined(separator: "\r\n").utf8)
        return copy
    }
}

extension String {
    /// The pieces between CR LF, which Swift sees as one character.
    fileprivate func components(separatedByLineEnds: ()) -> [String] {
        split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    }
}
