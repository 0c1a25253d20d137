/// The header fields of a message in the order they were sent; names compare without case.
///
/// The lines are kept as one block of bytes, and become strings only where someone looks: most
/// answers of a load test are never looked at.
package struct HeaderFields: Sendable, Sequence {
    /// Lines `name: value CR LF`.
    private var lines: [UInt8]

    package init() { lines = [] }

    package init(_ fields: [(name: String, value: String)]) {
        lines = []
        for field in fields { append(field.name, field.value) }
    }

    /// `section` must have passed `FieldSection.parse`.
    package init(parsed section: UnsafeRawBufferPointer) { lines = [UInt8](section) }

    package var isEmpty: Bool { lines.isEmpty }

    /// Line ends and NUL become spaces (RFC 9110 §5.5): a value can never add a field.
    package mutating func append(_ name: String, _ value: String) {
        lines.reserveCapacity(lines.count + name.utf8.count + value.utf8.count + 4)
        lines.append(contentsOf: name.utf8)
        lines.append(0x3A)
        lines.append(0x20)
        for byte in value.utf8 { lines.append(byte == 13 || byte == 10 || byte == 0 ? 32 : byte) }
        lines.append(13)
        lines.append(10)
    }

    package func first(_ name: String) -> String? {
        lines.withUnsafeBytes { lines in
            var lines = FieldLines(lines)
            while let line = lines.next() {
                if isSameName(line.name, name) { return fieldText(line.value) }
            }
            return nil
        }
    }

    package func all(_ name: String) -> [String] {
        filter { field in
            field.name.utf8.count == name.utf8.count
                && zip(field.name.utf8, name.utf8).allSatisfy { lowercased($0) == lowercased($1) }
        }.map(\.value)
    }

    package func makeIterator() -> IndexingIterator<[(name: String, value: String)]> {
        var fields: [(name: String, value: String)] = []
        lines.withUnsafeBytes { lines in
            var lines = FieldLines(lines)
            while let line = lines.next() {
                fields.append((String(decoding: line.name, as: UTF8.self), fieldText(line.value)))
            }
        }
        return fields.makeIterator()
    }
}

/// Walks lines that are known to be valid.
private struct FieldLines {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next() -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)? {
        guard let colon = bytes.offset(of: UInt8(ascii: ":"), from: position),
            let end = bytes.offset(of: 0x0A, from: colon)
        else { return nil }
        let name = bytes.slice(position..<colon)
        position = end + 1
        return (name, bytes.slice((colon + 1)..<(end - 1)).trimmingSpaces())
    }
}

private func isSameName(_ bytes: UnsafeRawBufferPointer, _ name: String) -> Bool {
    guard bytes.count == name.utf8.count else { return false }
    return zip(bytes, name.utf8).allSatisfy { lowercased($0) == lowercased($1) }
}

/// UTF-8, or else ISO 8859-1, which keeps every byte apart.
private func fieldText(_ value: UnsafeRawBufferPointer) -> String {
    if let text = String(validating: value, as: UTF8.self) { return text }
    return String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) }))
}
