import NetIO

/// An answer without what it took to get it.
struct ReadAnswer {
    let status: Int
    var headers = HeaderFields()
    var body: [UInt8] = []
}

/// Reads one answer (RFC 9112) from bytes as they arrive, however they are cut.
struct AnswerReader {
    enum Progress: Equatable {
        case needsMore
        case interim(status: Int)
        case complete
    }

    private enum State {
        case head
        case fixedBody(left: Int)
        case chunkedBody
        case bodyUntilClose
        case complete
    }

    private let headLimit: Int
    private let bodyLimit: Int
    private let fieldLimits: FieldLimits
    private let interimLimit: Int

    private var isHeadRequest = false
    private var state = State.head
    /// Bytes of a head that has not arrived whole.
    private var partialHead: [UInt8] = []
    private var scanner = HeadScanner()
    private var chunks: ChunkedDecoder?
    private var interimCount = 0

    private(set) var status = 0
    private var headers = HeaderFields()
    private var body: [UInt8] = []
    /// May the connection carry another request after this answer?
    private(set) var keepsAlive = true

    init(_ configuration: TransferConfiguration) {
        headLimit = configuration.answerHeadLimitBytes
        bodyLimit = configuration.answerBodyLimitBytes
        fieldLimits = FieldLimits(
            fieldsBytes: headLimit, fieldCount: configuration.answerFieldLimit)
        interimLimit = configuration.interimAnswerLimit
    }

    /// Makes ready for the answer to the next request.
    mutating func begin(isHeadRequest: Bool) {
        self.isHeadRequest = isHeadRequest
        state = .head
        scanner = HeadScanner()
        interimCount = 0
        if !partialHead.isEmpty { partialHead.removeAll(keepingCapacity: true) }
        if chunks != nil { chunks = nil }
        if !headers.isEmpty { headers = HeaderFields() }
        if !body.isEmpty { body = [] }
    }

    /// What was read; the next answer starts from nothing.
    mutating func takeAnswer() -> ReadAnswer {
        var answer = ReadAnswer(status: status)
        swap(&answer.headers, &headers)
        swap(&answer.body, &body)
        return answer
    }

    /// The connection's end is the answer's end.
    var endsWithConnection: Bool {
        if case .bodyUntilClose = state { return true }
        return false
    }

    /// Takes bytes off the front of `input`; stops after an interim answer and at the end.
    mutating func take(
        _ input: inout UnsafeRawBufferPointer
    ) throws(TransferFailure) -> Progress {
        if case .head = state {
            guard let isFinal = try takeHead(&input) else { return .needsMore }
            guard isFinal else { return .interim(status: status) }
        }
        switch state {
        case .fixedBody(let left):
            let count = min(left, input.count)
            body.append(contentsOf: input.slice(0..<count))
            input = input.slice(count..<input.count)
            state = count == left ? .complete : .fixedBody(left: left - count)
        case .chunkedBody: try takeChunks(&input)
        case .bodyUntilClose:
            try append(input)
            input = input.slice(input.count..<input.count)
        case .head, .complete: break
        }
        if case .complete = state { return .complete }
        return .needsMore
    }

    // MARK: Head

    /// nil until the head is whole; then whether it is a final answer's.
    private mutating func takeHead(
        _ input: inout UnsafeRawBufferPointer
    ) throws(TransferFailure) -> Bool? {
        do throws(SyntaxError) {
            let before = partialHead.count
            if before > 0 { partialHead.append(contentsOf: input) }
            let end =
                before > 0
                ? try scanPartialHead() : try scanner.end(in: input, limitBytes: headLimit)
            guard let end else {
                if before == 0 { partialHead.append(contentsOf: input) }
                input = input.slice(input.count..<input.count)
                return nil
            }
            let head = before > 0 ? Array(partialHead.prefix(end)) : []
            if before > 0 { partialHead.removeAll(keepingCapacity: true) }
            scanner = HeadScanner()
            let isFinal =
                before > 0
                ? try readCopied(head) : try readHead(input.slice(0..<end))
            input = input.slice((end - before)..<input.count)
            return isFinal
        } catch {
            throw TransferFailure(error)
        }
    }

    private mutating func scanPartialHead() throws(SyntaxError) -> Int? {
        var scanner = scanner
        let limit = headLimit
        let found = partialHead.withUnsafeBytes { bytes in
            Result { () throws(SyntaxError) in try scanner.end(in: bytes, limitBytes: limit) }
        }
        self.scanner = scanner
        return try found.get()
    }

    private mutating func readCopied(_ head: [UInt8]) throws(SyntaxError) -> Bool {
        try head.withUnsafeBytes { bytes in
            Result { () throws(SyntaxError) in try readHead(bytes) }
        }.get()
    }

    private mutating func readHead(_ head: UnsafeRawBufferPointer) throws(SyntaxError) -> Bool {
        let lineEnd = (head.offset(of: 0x0A) ?? 1) + 1
        let statusLine = try StatusLine(parsing: head.slice(0..<(lineEnd - 2)))
        status = statusLine.status
        guard lineEnd < head.count else { throw .malformed("the head has no blank line") }
        let section = head.slice(lineEnd..<(head.count - 2))
        var framing = AnswerFraming(isVersion11: statusLine.isVersion11)
        try FieldSection.parse(section, limits: fieldLimits) { name, value throws(SyntaxError) in
            try framing.note(name, value)
        }
        guard status >= 200 else {
            try countInterim()
            return false
        }
        headers = HeaderFields(parsed: section)
        keepsAlive = framing.keepsAlive
        state = try bodyState(framing)
        return true
    }

    private mutating func countInterim() throws(SyntaxError) {
        guard status != 101 else { throw .malformed("the protocol was switched unasked") }
        interimCount += 1
        guard interimCount <= interimLimit else {
            throw .tooLarge(limit: "interim answers", interimLimit)
        }
    }

    /// RFC 9112 §6.3, in its order.
    private mutating func bodyState(_ framing: AnswerFraming) throws(SyntaxError) -> State {
        if isHeadRequest || status == 204 || status == 304 { return .complete }
        if framing.isChunked {
            // Both together are the shape of response splitting.
            guard framing.contentLength == nil else {
                throw .malformed("Content-Length and Transfer-Encoding are both sent")
            }
            guard framing.isVersion11 else {
                throw .malformed("HTTP/1.0 has no Transfer-Encoding")
            }
            chunks = ChunkedDecoder()
            return .chunkedBody
        }
        guard let length = framing.contentLength else {
            keepsAlive = false
            return .bodyUntilClose
        }
        guard length <= Int64(bodyLimit) else {
            throw .tooLarge(limit: "bytes of a body", bodyLimit)
        }
        guard length > 0 else { return .complete }
        body.reserveCapacity(Int(length))
        return .fixedBody(left: Int(length))
    }

    // MARK: Body

    private mutating func takeChunks(
        _ input: inout UnsafeRawBufferPointer
    ) throws(TransferFailure) {
        while let data = try nextChunk(&input) { try append(data) }
        if chunks?.isComplete == true { state = .complete }
    }

    private mutating func nextChunk(
        _ input: inout UnsafeRawBufferPointer
    ) throws(TransferFailure) -> UnsafeRawBufferPointer? {
        do throws(SyntaxError) {
            return try chunks?.next(&input)
        } catch {
            throw TransferFailure(error)
        }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) throws(TransferFailure) {
        guard body.count + bytes.count <= bodyLimit else {
            throw .answerTooLarge(limit: "bytes of a body", bodyLimit)
        }
        body.append(contentsOf: bytes)
    }
}

/// The fields of an answer that decide where it ends, and whether the connection does too.
private struct AnswerFraming {
    let isVersion11: Bool
    private(set) var contentLength: Int64?
    private(set) var isChunked = false
    private(set) var keepsAlive: Bool

    init(isVersion11: Bool) {
        self.isVersion11 = isVersion11
        keepsAlive = isVersion11
    }

    /// Only names of a few lengths matter, so most fields cost one comparison.
    mutating func note(
        _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(SyntaxError) {
        switch name.count {
        case 10 where isSameToken(name, "connection"):
            var (closes, keeps) = (false, false)
            value.forEachListElement { option in
                if isSameToken(option, "close") { closes = true }
                if isSameToken(option, "keep-alive") { keeps = true }
            }
            keepsAlive = !closes && (keepsAlive || keeps)
        case 14 where isSameToken(name, "content-length"):
            guard contentLength == nil, let length = value.decimalNumber else {
                throw .malformed("Content-Length is not one number")
            }
            contentLength = length
        case 17 where isSameToken(name, "transfer-encoding"):
            guard !isChunked, isSameToken(value, "chunked") else {
                throw .malformed("Transfer-Encoding is not 'chunked'")
            }
            isChunked = true
        default: break
        }
    }
}
