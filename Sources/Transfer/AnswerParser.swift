import Glibc
import NetIO

/// Reads one answer (RFC 9112) from bytes as they arrive; interim answers are passed over.
struct AnswerParser {
    enum Event { case needsMore, interim(status: Int), complete }

    private enum State { case head, fixedBody(left: Int), chunkedBody, bodyUntilClose, complete }

    private let configuration: TransferConfiguration
    private let isHeadRequest: Bool
    private var state = State.head
    /// Bytes of a head that has not arrived whole.
    private var partialHead: [UInt8] = []
    private var chunks = ChunkedDecoder()

    private(set) var status = 0
    private(set) var headers = HeaderFields()
    private(set) var body: [UInt8] = []
    /// May the connection carry another request after this answer?
    private(set) var keepsAlive = true

    init(isHeadRequest: Bool, configuration: TransferConfiguration) {
        self.isHeadRequest = isHeadRequest
        self.configuration = configuration
    }

    /// Has a final head been read, so that the connection's end may be the answer's?
    var isReadingUntilClose: Bool {
        if case .bodyUntilClose = state { return true }
        return false
    }

    var hasFinalHead: Bool {
        if case .head = state { return false }
        return true
    }

    /// Takes bytes off the front of `bytes`; stops after an interim answer and at the end.
    mutating func take(
        _ bytes: inout UnsafeRawBufferPointer
    ) throws(TransferFailure) -> Event {
        if case .head = state {
            guard let headEnd = try takeHead(&bytes) else { return .needsMore }
            if headEnd < 200 { return .interim(status: headEnd) }
        }
        switch state {
        case .head: return .needsMore
        case .complete: return .complete
        case .fixedBody(let left):
            let count = min(left, bytes.count)
            try append(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
            bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(count))
            state = count == left ? .complete : .fixedBody(left: left - count)
        case .chunkedBody: try takeChunks(&bytes)
        case .bodyUntilClose:
            try append(bytes)
            bytes = UnsafeRawBufferPointer(rebasing: bytes.suffix(0))
        }
        if case .complete = state { return .complete }
        return .needsMore
    }

    // MARK: Head

    /// The status of a head that is whole, else nil.
    private mutating func takeHead(
        _ bytes: inout UnsafeRawBufferPointer
    ) throws(TransferFailure) -> Int? {
        guard partialHead.isEmpty else { return try takeRestOfHead(&bytes) }
        guard let end = Self.headEnd(in: bytes) else {
            try keep(bytes)
            bytes = UnsafeRawBufferPointer(rebasing: bytes.suffix(0))
            return nil
        }
        try readHead(UnsafeRawBufferPointer(rebasing: bytes.prefix(end)))
        bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(end))
        return status
    }

    private mutating func takeRestOfHead(
        _ bytes: inout UnsafeRawBufferPointer
    ) throws(TransferFailure) -> Int? {
        let before = partialHead.count
        try keep(bytes)
        let whole = partialHead
        let end = whole.withUnsafeBytes { Self.headEnd(in: $0) }
        guard let end else {
            bytes = UnsafeRawBufferPointer(rebasing: bytes.suffix(0))
            return nil
        }
        partialHead = []
        let head = Array(whole.prefix(end))
        var failure: TransferFailure?
        head.withUnsafeBytes { bytes in
            do throws(TransferFailure) { try readHead(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
        bytes = UnsafeRawBufferPointer(rebasing: bytes.dropFirst(end - before))
        return status
    }

    private mutating func keep(_ bytes: UnsafeRawBufferPointer) throws(TransferFailure) {
        partialHead.append(contentsOf: bytes)
        guard partialHead.count <= configuration.answerHeadLimitBytes else {
            throw .protocolViolation(
                "the answer's head is longer than \(configuration.answerHeadLimitBytes) bytes")
        }
    }

    /// The length of a head with its blank line; nil if it is not whole.
    private static func headEnd(in bytes: UnsafeRawBufferPointer) -> Int? {
        var position = 0
        while let base = bytes.baseAddress, position < bytes.count,
            let found = memchr(base + position, 0x0A, bytes.count - position)
        {
            let newline = UnsafeRawPointer(found) - base
            // The blank line, after CR LF.
            if newline >= 3, bytes[newline - 1] == 0x0D, bytes[newline - 2] == 0x0A {
                return newline + 1
            }
            position = newline + 1
        }
        return nil
    }

    private mutating func readHead(_ head: UnsafeRawBufferPointer) throws(TransferFailure) {
        var framing = AnswerFraming()
        var lineStart = 0
        var isFirst = true
        headers = HeaderFields()
        while lineStart < head.count - 2 {
            let rest = UnsafeRawBufferPointer(rebasing: head[lineStart...])
            guard let lineEnd = rest.firstIndex(of: 0x0A), lineEnd > 0, rest[lineEnd - 1] == 0x0D
            else { throw .protocolViolation("a line of the answer's head does not end in CR LF") }
            let line = UnsafeRawBufferPointer(rebasing: rest.prefix(lineEnd - 1))
            if isFirst {
                try readStatusLine(line, &framing)
                isFirst = false
            } else {
                try framing.readField(line, &headers)
            }
            lineStart += lineEnd + 1
        }
        guard status >= 200 else { return }
        keepsAlive = framing.keepsAlive
        state = try bodyState(framing)
    }

    private mutating func readStatusLine(
        _ line: UnsafeRawBufferPointer, _ framing: inout AnswerFraming
    ) throws(TransferFailure) {
        // HTTP/1.1 SP 3DIGIT SP [reason] (RFC 9112 §4); the last space is often left out.
        guard line.count >= 12, line.starts(with: "HTTP/1.".utf8), line[8] == 0x20,
            line[7] == 0x31 || line[7] == 0x30, line.count == 12 || line[12] == 0x20,
            let status = Int(String(decoding: line[9..<12], as: UTF8.self)), status >= 100
        else { throw .protocolViolation("the answer does not start with an HTTP/1.1 status line") }
        self.status = status
        framing.keepsAlive = line[7] == 0x31
        guard status != 101 else {
            throw .protocolViolation("the server switched protocols unasked")
        }
    }

    /// RFC 9112 §6.3, in its order.
    private mutating func bodyState(
        _ framing: AnswerFraming
    ) throws(TransferFailure) -> State {
        if isHeadRequest || status == 204 || status == 304 { return .complete }
        if framing.isChunked {
            guard framing.contentLength == nil else {
                throw .protocolViolation("the answer has Content-Length and Transfer-Encoding")
            }
            return .chunkedBody
        }
        guard let length = framing.contentLength else {
            keepsAlive = false
            return .bodyUntilClose
        }
        guard length <= configuration.answerBodyLimitBytes else {
            throw .answerTooLarge(limitBytes: configuration.answerBodyLimitBytes)
        }
        body.reserveCapacity(length)
        return length == 0 ? .complete : .fixedBody(left: length)
    }

    // MARK: Body

    private mutating func takeChunks(
        _ bytes: inout UnsafeRawBufferPointer
    ) throws(TransferFailure) {
        let limit = configuration.answerBodyLimitBytes
        do throws(SyntaxError) {
            while let data = try chunks.next(&bytes) {
                guard body.count + data.count <= limit else {
                    throw SyntaxError.tooLarge(limit: "answerBodyLimitBytes", limit)
                }
                body.append(contentsOf: data)
            }
        } catch {
            throw .protocolViolation("the answer's chunks are malformed: \(error)")
        }
        if chunks.isComplete { state = .complete }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) throws(TransferFailure) {
        guard body.count + bytes.count <= configuration.answerBodyLimitBytes else {
            throw .answerTooLarge(limitBytes: configuration.answerBodyLimitBytes)
        }
        body.append(contentsOf: bytes)
    }
}

/// The fields of an answer that decide where it ends.
private struct AnswerFraming {
    var contentLength: Int?
    var isChunked = false
    var keepsAlive = true
    private var fieldCount = 0
    private static let fieldLimit = 128

    mutating func readField(
        _ line: UnsafeRawBufferPointer, _ headers: inout HeaderFields
    ) throws(TransferFailure) {
        fieldCount += 1
        guard fieldCount <= Self.fieldLimit else {
            throw .protocolViolation("the answer has more than \(Self.fieldLimit) header fields")
        }
        guard let colon = line.firstIndex(of: 0x3A), colon > 0,
            line[..<colon].allSatisfy({ $0 > 0x20 && $0 != 0x7F })
        else { throw .protocolViolation("a header field of the answer has no valid name") }
        let name = String(decoding: line[..<colon], as: UTF8.self)
        let value = String(decoding: Self.trimmed(line[(colon + 1)...]), as: UTF8.self)
        headers.append(name, value)
        switch colon {
        case 10 where name.lowercased() == "connection":
            if value.lowercased().contains("close") { keepsAlive = false }
        case 14 where name.lowercased() == "content-length":
            guard contentLength == nil, !value.isEmpty, let length = Int(value),
                value.utf8.allSatisfy({ (0x30...0x39).contains($0) })
            else { throw .protocolViolation("the answer's Content-Length is not one number") }
            contentLength = length
        case 17 where name.lowercased() == "transfer-encoding":
            guard !isChunked, value.lowercased() == "chunked" else {
                throw .protocolViolation("the answer's Transfer-Encoding is not 'chunked'")
            }
            isChunked = true
        default: break
        }
    }

    private static func trimmed(
        _ bytes: Slice<UnsafeRawBufferPointer>
    ) -> Slice<UnsafeRawBufferPointer> {
        var bytes = bytes
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return bytes
    }
}
