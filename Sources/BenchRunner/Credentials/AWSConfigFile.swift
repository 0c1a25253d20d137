/// A shared config or credentials file, parsed (AWS SDKs and Tools Reference Guide, "Shared config and
/// credentials files"). Keys are lower case, as botocore reads them.
struct AWSConfigFile: Sendable, Equatable {
    struct Section: Sendable, Equatable {
        var values: [String: String] = [:]
        /// Blocks such as `s3 =` with indented lines below.
        var blocks: [String: [String: String]] = [:]
    }

    struct Failure: Error, Equatable {
        let line: Int
        let reason: String
    }

    private(set) var sections: [String: Section] = [:]

    init() {}

    init(_ text: String) throws(Failure) {
        var section: String?
        var key: String?
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        for (index, raw) in lines.enumerated() {
            let line = raw.trimmed
            guard !line.isEmpty, !line.hasPrefix("#"), !line.hasPrefix(";") else { continue }
            let isIndented = raw.first?.isWhitespace == true
            if line.hasPrefix("["), !isIndented || section == nil {
                section = try name(line, at: index + 1)
                key = nil
                continue
            }
            guard let section else {
                throw Failure(line: index + 1, reason: "stands before the first [section]")
            }
            if isIndented, let key {
                try continuation(line, of: key, in: section, at: index + 1)
            } else {
                key = try setting(line, in: section, at: index + 1)
            }
        }
    }

    // MARK: Lines

    private mutating func name(_ line: String, at number: Int) throws(Failure) -> String {
        guard let end = line.unicodeScalars.firstIndex(of: "]") else {
            throw Failure(line: number, reason: "has no ] after the section's name")
        }
        let words =
            ShellWords.split(
                String(line.unicodeScalars[line.unicodeScalars.index(after: line.startIndex)..<end])
            ) ?? []
        guard !words.isEmpty else { throw Failure(line: number, reason: "names no section") }
        let name = words.joined(separator: " ")
        if sections[name] == nil { sections[name] = Section() }
        return name
    }

    private mutating func setting(
        _ line: String, in section: String, at number: Int
    ) throws(Failure) -> String {
        guard let mark = line.unicodeScalars.firstIndex(where: { $0 == "=" || $0 == ":" }),
            mark > line.startIndex
        else { throw Failure(line: number, reason: "is no 'key = value'") }
        let key = line[..<mark].trimmed.lowercased()
        sections[section]?.values[key] = line[line.unicodeScalars.index(after: mark)...].trimmed
        return key
    }

    /// Below a key without value the lines are settings of a block; else they continue the value.
    private mutating func continuation(
        _ line: String, of key: String, in section: String, at number: Int
    ) throws(Failure) {
        if let value = sections[section]?.values[key], !value.isEmpty {
            sections[section]?.values[key] = value + "\n" + line
            return
        }
        guard let mark = line.unicodeScalars.firstIndex(of: "=") else {
            throw Failure(line: number, reason: "is no 'key = value' in the block '\(key)'")
        }
        let name = line[..<mark].trimmed.lowercased()
        sections[section]?.blocks[key, default: [:]][name] =
            line[line.unicodeScalars.index(after: mark)...].trimmed
    }
}

extension Substring {
    fileprivate var trimmed: String {
        let isSpace = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !isSpace($0) }),
            let last = scalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(scalars[first...last])
    }
}
