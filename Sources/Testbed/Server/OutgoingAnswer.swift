import CLinux
import Glibc
import NetIO

/// What a connection has yet to write: bytes, and after them a stream that refills them.
struct OutgoingAnswer {
    private var bytes: [UInt8] = []
    private var offset = 0
    private var stream: (source: any BodySource, left: Int64)?

    private static let streamPieceBytes = 256 * 1024

    enum Step {
        case sent(Int)
        case wouldBlock
        case done
        /// The client left, or the stream broke: its length was promised, so the connection ends.
        case broken
    }

    var isDone: Bool { offset == bytes.count && stream == nil }

    /// Nothing can be written before the stream's source has more.
    var isDry: Bool {
        guard offset == bytes.count, let (source, left) = stream, left > 0 else { return false }
        return source.isDry
    }

    mutating func append(_ more: some Sequence<UInt8>) { bytes += more }

    mutating func append(_ body: HTTPResponse.Body) {
        switch body {
        case .none: break
        case .bytes(let more): bytes += more
        case .stream(let source, let length): stream = (source, length)
        }
    }

    mutating func dropStream() {
        stream?.source.abandon()
        stream = nil
    }

    /// What is kept of the room between two answers: as many idle connections as there may be hold
    /// no more than the sum of it.
    private static let keptBytes = 4096

    var heldBytes: Int { bytes.capacity }

    /// Gives the room of a large answer back.
    mutating func rest() {
        guard bytes.capacity > Self.keptBytes else { return }
        (bytes, offset) = ([], 0)
    }

    /// One send(2), after a refill if there is nothing else.
    mutating func write(to descriptor: Int32, _ secure: SecureConnection?) -> Step {
        if offset == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            offset = 0
            guard stream != nil else { return .done }
            if isDry { return .wouldBlock }
            guard refill() else { return .broken }
            if bytes.isEmpty { return .done }
        }
        let sent = bytes.withUnsafeBytes { all in
            let rest = UnsafeRawBufferPointer(rebasing: all[offset...])
            if let secure { return secure.write(rest) }
            return send(descriptor, rest.baseAddress, rest.count, clinux_MSG_NOSIGNAL)
        }
        guard sent >= 0 else { return errno == EAGAIN || errno == EINTR ? .wouldBlock : .broken }
        offset += sent
        return .sent(sent)
    }

    /// False when the source failed.
    private mutating func refill() -> Bool {
        guard let (source, left) = stream, left > 0 else {
            stream = nil
            return true
        }
        let capacity = Int(min(left, Int64(Self.streamPieceBytes)))
        var isCut = false
        bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let read = source.read(into: UnsafeMutableRawBufferPointer(buffer))
            isCut = read <= 0
            count = max(0, min(read, capacity))
        }
        stream = (source, left - Int64(bytes.count))
        return !isCut
    }
}
