import NetIO

/// Takes the answer to one request apart as it arrives, however it is cut (RFC 9112 §6.3).
struct UpstreamAnswerReader {
    enum Event {
        case head(UpstreamHead)
        case data(UnsafeRawBufferPointer)
        case end
    }

    private enum State {
        case head
        case fixed(left: Int64)
        case chunked(ChunkedDecoder)
        case untilClose
        case complete
    }

    private let limits: UpstreamLimits
    private let isHead: Bool
    private var state = State.head
    private var partialHead: [UInt8] = []
    private var scanner = HeadScanner()
    private var interimCount = 0
    /// Can another request follow on the connection?
    private(set) var keepsConnection = true

    /// - Parameter isHead: of a HEAD request, whose answer has a length and no body.
    init(isHead: Bool, limits: UpstreamLimits) {
        self.isHead = isHead
        self.limits = limits
    }

    /// What comes next off the front of `bytes`; nil when more is needed. After `end` nothing
    /// follows: what is left of the bytes was never asked for.
    mutating func next(_ bytes: inout UnsafeRawBufferPointer) throws(SyntaxError) -> Event? {
        switch state {
        case .head: return try takeHead(&bytes).map(Event.head)
        case .fixed(let left):
            guard left > 0 else { return finish() }
            guard !bytes.isEmpty else { return nil }
            let count = Int(min(left, Int64(bytes.count)))
            state = .fixed(left: left - Int64(count))
            defer { bytes = bytes.slice(count..<bytes.count) }
            return .data(bytes.slice(0..<count))
        case .chunked(var decoder):
            let data = try decoder.next(&bytes)
            state = .chunked(decoder)
            if let data { return .data(data) }
            return decoder.isComplete ? finish() : nil
        case .untilClose:
            guard !bytes.isEmpty else { return nil }
            defer { bytes = bytes.slice(bytes.count..<bytes.count) }
            return .data(bytes)
        case .complete: return nil
        }
    }

    /// The connection has ended: true when that is the end of the answer too.
    mutating func endsWithConnection() -> Bool {
        guard case .untilClose = state else { return false }
        state = .complete
        return true
    }

    private mutating func finish() -> Event {
        state = .complete
        return .end
    }

    /// The final head; interim ones are passed over.
    private mutating func takeHead(
        _ bytes: inout UnsafeRawBufferPointer
    ) throws(SyntaxError) -> UpstreamHead? {
        while !bytes.isEmpty {
            let before = partialHead.count
            partialHead.append(contentsOf: bytes)
            guard let end = try scanPartialHead() else {
                bytes = bytes.slice(bytes.count..<bytes.count)
                return nil
            }
            let whole = Array(partialHead.prefix(end))
            partialHead = []
            scanner = HeadScanner()
            bytes = bytes.slice((end - before)..<bytes.count)
            if let head = try parse(whole) { return head }
        }
        return nil
    }

    /// Carries the typed error out of `withUnsafeBytes`.
    private mutating func scanPartialHead() throws(SyntaxError) -> Int? {
        var scanner = scanner
        let limit = limits.headBytes
        let found = partialHead.withUnsafeBytes { bytes in
            Result { () throws(SyntaxError) in try scanner.end(in: bytes, limitBytes: limit) }
        }
        self.scanner = scanner
        return try found.get()
    }

    private mutating func parse(_ head: [UInt8]) throws(SyntaxError) -> UpstreamHead? {
        try head.withUnsafeBytes { bytes in
            Result { () throws(SyntaxError) in try parse(bytes) }
        }.get()
    }

    /// nil for an interim answer.
    private mutating func parse(
        _ head: UnsafeRawBufferPointer
    ) throws(SyntaxError) -> UpstreamHead? {
        let lineEnd = (head.offset(of: 0x0A) ?? 1) + 1
        let line = try StatusLine(parsing: head.slice(0..<(lineEnd - 2)))
        guard lineEnd < head.count else { throw .malformed("the head has no blank line") }
        let section = head.slice(lineEnd..<(head.count - 2))
        var framing = UpstreamFraming(isVersion11: line.isVersion11)
        let fieldLimits = FieldLimits(fieldsBytes: limits.headBytes)
        try FieldSection.parse(section, limits: fieldLimits) { name, value throws(SyntaxError) in
            try framing.note(name, value)
        }
        guard line.status >= 200 else {
            try countInterim(line.status)
            return nil
        }
        keepsConnection = framing.keepsConnection
        let length = try bodyLength(line.status, framing)
        return UpstreamHead(
            status: line.status, headers: HeaderFields(parsed: section), bodyLength: length)
    }

    private mutating func countInterim(_ status: Int) throws(SyntaxError) {
        guard status != 101 else { throw .malformed("the protocol was switched unasked") }
        interimCount += 1
        guard interimCount <= limits.interimAnswers else {
            throw .tooLarge(limit: "interimAnswers", limits.interimAnswers)
        }
    }

    /// Sets the state for the body too.
    private mutating func bodyLength(
        _ status: Int, _ framing: UpstreamFraming
    ) throws(SyntaxError) -> Int64? {
        if isHead || status == 204 || status == 304 {
            state = .fixed(left: 0)
            return 0
        }
        if framing.isChunked {
            // Both together are the shape of response splitting, as is a coding that the version has not (RFC
            // 9112 §6.1).
            guard framing.isVersion11 else { throw .malformed("HTTP/1.0 has no Transfer-Encoding") }
            guard framing.contentLength == nil else {
                throw .malformed("Content-Length and Transfer-Encoding are both sent")
            }
            state = .chunked(ChunkedDecoder())
            return nil
        }
        guard let length = framing.contentLength else {
            keepsConnection = false
            state = .untilClose
            return nil
        }
        state = .fixed(left: length)
        return length
    }
}

/// The fields of an answer that decide where it ends, and whether the connection does too.
private struct UpstreamFraming {
    private(set) var keepsConnection: Bool
    private(set) var contentLength: Int64?
    private(set) var isChunked = false

    let isVersion11: Bool

    init(isVersion11: Bool) {
        self.isVersion11 = isVersion11
        keepsConnection = isVersion11
    }

    mutating func note(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(SyntaxError) {
        if isSameToken(name, "connection") {
            value.forEachListElement { option in
                if isSameToken(option, "close") { keepsConnection = false }
            }
        } else if isSameToken(name, "content-length") {
            guard contentLength == nil, let length = value.decimalNumber else {
                throw .malformed("Content-Length is not one number")
            }
            contentLength = length
        } else if isSameToken(name, "transfer-encoding") {
            guard !isChunked, isSameToken(value, "chunked") else {
                throw .malformed("Transfer-Encoding is not 'chunked'")
            }
            isChunked = true
        }
    }
}
