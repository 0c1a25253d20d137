import CLinux

/// Takes a multipart/form-data body (RFC 7578) apart as it arrives: fields into memory, within a
/// limit, and the file to whoever wants it.
struct FormParser {
    enum Problem: Error, Equatable {
        case malformed
        /// More than `fieldsLimitBytes` before the file's contents.
        case fieldsTooLarge
    }

    /// S3's bound on all that precedes the file (S3 User Guide, "POST Object restrictions").
    static let fieldsLimitBytes = 20_480

    private enum State { case fields, file, done }

    private(set) var fields: [(name: String, value: String)] = []
    /// Of the part named `file`, once it began; nil when it carries no file name.
    private(set) var fileName: String?
    private(set) var hasFile = false
    private var state = State.fields
    private var carry: [UInt8] = []
    private var fieldBytes = 0
    private let opening: [UInt8]
    private let delimiter: [UInt8]

    init(boundary: String) {
        opening = Array("--\(boundary)".utf8)
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    /// The boundary of a Content-Type, quoted or not; nil if it is no multipart/form-data.
    static func boundary(ofContentType type: String) -> String? {
        guard type.lowercased().hasPrefix("multipart/form-data"),
            let mark = type.range(ofParameter: "boundary=")
        else { return nil }
        let rest = type[mark...]
        let value =
            rest.hasPrefix("\"")
            ? rest.dropFirst().prefix { $0 != "\"" } : rest.prefix { $0 != ";" && $0 != " " }
        // RFC 2046 §5.1.1: 1 to 70 characters.
        return (1...70).contains(value.utf8.count) ? String(value) : nil
    }

    var isDone: Bool { state == .done }

    /// - Parameter file: gets the file's bytes; valid during the call only.
    /// - Returns: true when this call has come to the file's part, before any of its bytes are
    ///   handed out.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer, beginFile: (FormParser) -> Void,
        file: (UnsafeRawBufferPointer) -> Void
    ) throws(Problem) {
        guard state != .done else { return }
        guard carry.isEmpty, state == .file else {
            let all = carry + bytes
            carry = []
            return try takeOwned(all, beginFile, file)
        }
        takeFile(bytes, file)
    }

    private mutating func takeOwned(
        _ all: [UInt8], _ beginFile: (FormParser) -> Void, _ file: (UnsafeRawBufferPointer) -> Void
    ) throws(Problem) {
        var position = 0
        if state == .fields {
            position = try takeFields(all)
            guard state == .file else {
                carry = Array(all[position...])
                guard fieldBytes + carry.count <= Self.fieldsLimitBytes + delimiter.count else {
                    throw .fieldsTooLarge
                }
                return
            }
            guard fieldBytes <= Self.fieldsLimitBytes else { throw .fieldsTooLarge }
            beginFile(self)
            // The file may be empty: then its delimiter follows the head's line end at once.
        }
        all.withUnsafeBytes { takeFile(UnsafeRawBufferPointer(rebasing: $0[position...]), file) }
    }

    /// Takes whole parts off the front, up to the file's contents, and returns what was used.
    private mutating func takeFields(_ all: [UInt8]) throws(Problem) -> Int {
        var position = 0
        while state == .fields {
            let start = position
            guard all.count - position >= opening.count + 2 else { return start }
            guard all[position...].starts(with: opening) else { throw .malformed }
            position += opening.count
            if all[position] == UInt8(ascii: "-") {
                state = .done
                return all.count
            }
            guard all[position] == 0x0D, all[position + 1] == 0x0A else { throw .malformed }
            position += 2
            guard let headEnd = Self.find(Self.blankLine, in: all, from: position) else {
                return start
            }
            let part = try FormPartHead(all[position..<headEnd.lowerBound])
            position = headEnd.upperBound
            if part.name.lowercased() == "file" {
                fieldBytes += position - start
                fileName = part.fileName
                hasFile = true
                state = .file
                return position
            }
            guard let end = Self.find(delimiter, in: all, from: position) else { return start }
            fields.append(
                (part.name, String(decoding: all[position..<end.lowerBound], as: UTF8.self)))
            position = end.lowerBound + 2
            fieldBytes += position - start
        }
        return position
    }

    private static let blankLine = Array("\r\n\r\n".utf8)

    private static func find(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Range<Int>? {
        bytes.withUnsafeBytes { all in
            guard let base = all.baseAddress,
                let found = clinux_memmem(base + start, all.count - start, needle, needle.count)
            else { return nil }
            let offset = UnsafeRawPointer(found) - base
            return offset..<(offset + needle.count)
        }
    }

    private mutating func takeFile(
        _ bytes: UnsafeRawBufferPointer, _ file: (UnsafeRawBufferPointer) -> Void
    ) {
        guard let base = bytes.baseAddress else { return }
        if let found = clinux_memmem(base, bytes.count, delimiter, delimiter.count) {
            let end = UnsafeRawPointer(found) - base
            if end > 0 { file(UnsafeRawBufferPointer(rebasing: bytes[..<end])) }
            state = .done
            return
        }
        // A delimiter may have begun at a CR near the end.
        let tail = max(0, bytes.count - (delimiter.count - 1))
        let hold = bytes[tail...].firstIndex(of: 0x0D) ?? bytes.count
        if hold > 0 { file(UnsafeRawBufferPointer(rebasing: bytes[..<hold])) }
        carry = Array(bytes[hold...])
    }
}

/// The head of one part: its name, and the file's name if it has one.
private struct FormPartHead {
    let name: String
    let fileName: String?

    init(_ head: ArraySlice<UInt8>) throws(FormParser.Problem) {
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        let disposition = lines.first { $0.lowercased().hasPrefix("content-disposition:") }
        guard let disposition, let name = Self.parameter("name", in: disposition) else {
            throw .malformed
        }
        self.name = name
        fileName = Self.parameter("filename", in: disposition)
    }

    /// A quoted parameter, with browsers' escapes taken back (HTML, "Multipart form data").
    private static func parameter(_ name: String, in line: Substring) -> String? {
        for opening in ["; \(name)=\"", ";\(name)=\""] {
            guard let start = line.firstRange(of: opening)?.upperBound else { continue }
            guard let end = line[start...].firstIndex(of: "\"") else { return nil }
            return String(line[start..<end])
                .replacing("%22", with: "\"").replacing("%0D", with: "\r").replacing(
                    "%0A", with: "\n")
        }
        return nil
    }
}

extension String {
    /// Where the value of a parameter begins, whatever the case of its name.
    fileprivate func range(ofParameter name: String) -> String.Index? {
        guard let found = lowercased().firstRange(of: name) else { return nil }
        let offset = lowercased().distance(from: lowercased().startIndex, to: found.upperBound)
        return index(startIndex, offsetBy: offset)
    }
}
