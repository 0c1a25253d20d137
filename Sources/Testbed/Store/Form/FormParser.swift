import Glibc
import Presign

/// What a form's parser came upon.
enum FormEvent {
    case field(name: String, value: String)
    /// The part named `file` begins, with its name on the client, if it has one; its contents
    /// begin at this offset of the body.
    case fileStart(name: String?, offset: Int64)
    /// Valid during the call only.
    case fileData(UnsafeRawBufferPointer)
    case fileEnd
}

/// Takes a multipart/form-data body (RFC 7578, RFC 2046 §5.1) apart as it arrives, however it is
/// cut. It keeps a field at most; a file's bytes pass through.
struct FormParser {
    /// S3's bound on all that precedes the file's contents.
    static let fieldsLimitBytes = 20_480

    static let malformed = S3Failure(
        400, "MalformedPOSTRequest",
        "The body of your POST request is not well-formed multipart/form-data.")

    /// Of the white space that RFC 2046 §5.1.1 lets follow a boundary.
    private static let paddingLimitBytes = 1024

    static let fieldsTooLarge = S3Failure(
        400, "MaxPostPreDataLengthExceeded",
        "Your POST request fields preceeding the upload file was too large.",
        ["MaxPostPreDataLengthBytes": "\(fieldsLimitBytes)"])

    /// Of what follows the file, though it is ignored.
    static let epilogueLimitBytes: Int64 = 65_536

    private static let epilogueTooLarge = S3Failure(
        400, "MaxMessageLengthExceeded",
        "What follows the file in your POST request was too large.",
        ["MaxMessageLengthBytes": "\(epilogueLimitBytes)"])

    private static let secondFile = S3Failure.invalidArgument(
        "POST requires exactly one file upload per request.", name: "file", value: "0")

    private enum State {
        case preamble
        /// Right behind a delimiter.
        case delimiterEnd
        case head
        case field(name: String)
        /// A field behind the file.
        case ignoredField
        case file
        case epilogue
    }

    private let delimiter: [UInt8]
    private var state = State.preamble
    /// What could not be used yet. It begins with a line end that was never sent, so that the
    /// first boundary is found like all others.
    private var pending: [UInt8] = [13, 10]
    /// Up to the run that is being parsed.
    private var usedBytes: Int64 = -2
    /// Of the head or field that is pending: so much was searched for its end already. A client that
    /// sends a byte at a time would have all of it searched for each.
    private var searchedBytes = 0
    private(set) var hasFile = false
    private var fileEndOffset: Int64 = 0

    init(boundary: [UInt8]) { delimiter = [13, 10, 45, 45] + boundary }

    /// The last delimiter has come.
    var isComplete: Bool {
        if case .epilogue = state { return true }
        return false
    }

    mutating func parse(
        _ bytes: UnsafeRawBufferPointer, _ output: (FormEvent) throws(S3Failure) -> Void
    ) throws(S3Failure) {
        let kept = pending
        pending = []
        if kept.isEmpty {
            let used = try parseRun(bytes, output)
            pending += bytes[used...]
        } else {
            let run = UnsafeMutableRawBufferPointer.allocate(
                byteCount: kept.count + bytes.count, alignment: 16)
            defer { run.deallocate() }
            run.copyBytes(from: kept)
            UnsafeMutableRawBufferPointer(rebasing: run[kept.count...]).copyMemory(from: bytes)
            let used = try parseRun(UnsafeRawBufferPointer(run), output)
            pending += run[used...]
        }
        if case .file = state { return }
        let held = (hasFile ? 0 : usedBytes) + Int64(pending.count)
        guard held <= Self.fieldsLimitBytes + delimiter.count else { throw Self.fieldsTooLarge }
        guard !hasFile || usedBytes - fileEndOffset <= Self.epilogueLimitBytes else {
            throw Self.epilogueTooLarge
        }
    }

    private mutating func parseRun(
        _ run: UnsafeRawBufferPointer, _ output: (FormEvent) throws(S3Failure) -> Void
    ) throws(S3Failure) -> Int {
        var position = 0
        while let event = try next(run, &position) { try output(event) }
        usedBytes += Int64(position)
        return position
    }

    /// The next event, or nil when the run has no more.
    private mutating func next(
        _ run: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(S3Failure) -> FormEvent? {
        while true {
            switch state {
            case .preamble:
                guard let found = run.position(of: delimiter, from: position) else {
                    position = max(position, run.count - delimiter.count + 1)
                    return nil
                }
                position = found + delimiter.count
                state = .delimiterEnd
            case .delimiterEnd:
                guard try takeDelimiterEnd(run, &position) else { return nil }
            case .head:
                guard let end = find([13, 10, 13, 10], in: run, from: position) else {
                    return nil
                }
                // Behind the file the bound is of each head alone.
                guard end - position <= Self.fieldsLimitBytes else { throw Self.fieldsTooLarge }
                let head = FormPartHead(run[position..<end])
                position = end + 4
                if let event = try begin(head, at: position) { return event }
            case .field(let name):
                guard let end = find(delimiter, in: run, from: position) else { return nil }
                let bytes = run[position..<end]
                let value = String(decoding: bytes, as: UTF8.self)
                // As in a path: replaced bytes would make one key of several.
                if name.asciiLowercased == "key", String(validating: bytes, as: UTF8.self) == nil {
                    throw .invalidURI
                }
                position = end + delimiter.count
                state = .delimiterEnd
                return .field(name: name, value: value)
            case .ignoredField:
                guard let end = run.position(of: delimiter, from: position) else {
                    position = run.partialMatch(of: delimiter, from: position)
                    return nil
                }
                position = end + delimiter.count
                state = .delimiterEnd
            case .file: return fileEvent(run, &position)
            case .epilogue:
                position = run.count
                return nil
            }
        }
    }

    /// Where what is pending ends; nil when more bytes are needed.
    private mutating func find(
        _ pattern: [UInt8], in run: UnsafeRawBufferPointer, from position: Int
    ) -> Int? {
        let found = run.position(of: pattern, from: position + searchedBytes)
        searchedBytes = found == nil ? max(0, run.count - position - pattern.count + 1) : 0
        return found
    }

    /// False when more bytes are needed.
    private mutating func takeDelimiterEnd(
        _ run: UnsafeRawBufferPointer, _ position: inout Int
    ) throws(S3Failure) -> Bool {
        var end = position
        while end < run.count, run[end] == 0x20 || run[end] == 0x09 { end += 1 }
        guard end - position <= Self.paddingLimitBytes else { throw Self.malformed }
        guard run.count - end >= 2 else { return false }
        switch (run[end], run[end + 1]) {
        case (45, 45): state = .epilogue
        case (13, 10):
            // The line end stays, so that a head without fields ends like all others.
            position = end
            state = .head
        default: throw Self.malformed
        }
        return true
    }

    private mutating func begin(
        _ head: FormPartHead?, at position: Int
    ) throws(S3Failure) -> FormEvent? {
        guard let head else { throw Self.malformed }
        guard head.name.asciiLowercased == "file" else {
            // What follows the file is ignored (S3 API Reference, "POST Object"), within its own bound.
            state = hasFile ? .ignoredField : .field(name: head.name)
            return nil
        }
        guard !hasFile else { throw Self.secondFile }
        let offset = usedBytes + Int64(position)
        guard offset <= Self.fieldsLimitBytes else { throw Self.fieldsTooLarge }
        hasFile = true
        state = .file
        return .fileStart(name: head.fileName, offset: offset)
    }

    private mutating func fileEvent(
        _ run: UnsafeRawBufferPointer, _ position: inout Int
    ) -> FormEvent? {
        let start = position
        guard let found = run.position(of: delimiter, from: start) else {
            position = run.partialMatch(of: delimiter, from: start)
            return position > start ? .fileData(run.part(start..<position)) : nil
        }
        guard found == start else {
            position = found
            return .fileData(run.part(start..<found))
        }
        position = found + delimiter.count
        fileEndOffset = usedBytes + Int64(position)
        state = .delimiterEnd
        return .fileEnd
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }

    private func offset(ofReturnFrom start: Int) -> Int? {
        guard start < count, let base = baseAddress,
            let found = memchr(base + start, 13, count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// Where `pattern`, which begins with a carriage return, stands.
    fileprivate func position(of pattern: [UInt8], from start: Int) -> Int? {
        guard let base = baseAddress else { return nil }
        var start = start
        while let candidate = offset(ofReturnFrom: start) {
            guard candidate + pattern.count <= count else { return nil }
            if memcmp(base + candidate, pattern, pattern.count) == 0 { return candidate }
            start = candidate + 1
        }
        return nil
    }

    /// Where the beginning of `pattern` stands at the end; `count` if nowhere.
    fileprivate func partialMatch(of pattern: [UInt8], from start: Int) -> Int {
        guard let base = baseAddress else { return count }
        var start = Swift.max(start, count - pattern.count + 1)
        while let candidate = offset(ofReturnFrom: start) {
            if memcmp(base + candidate, pattern, count - candidate) == 0 { return candidate }
            start = candidate + 1
        }
        return count
    }
}
