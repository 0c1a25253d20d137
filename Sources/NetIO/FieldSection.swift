/// The bounds of a header or trailer section; a refusal names the one that was passed.
package struct FieldLimits: Sendable {
    package var fieldsBytes: Int
    package var fieldCount: Int

    package init(fieldsBytes: Int = 32 * 1024, fieldCount: Int = 200) {
        self.fieldsBytes = fieldsBytes
        self.fieldCount = fieldCount
    }
}

package enum FieldSection {
    /// Takes the field lines of a whole section apart, each with its CR LF, without the blank line
    /// that ends it.
    ///
    /// Strict where RFC 9112 lets a recipient choose: no bare LF or CR (§2.2), no folding (§5.2),
    /// no white space before the colon (§5.1). Two parties that disagree on such lines can be made
    /// to see different messages.
    @inline(__always)
    package static func parse(
        _ section: UnsafeRawBufferPointer, limits: FieldLimits,
        _ take: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer)
            throws(SyntaxError) -> Void
    ) throws(SyntaxError) {
        guard section.count <= limits.fieldsBytes else {
            throw .tooLarge(limit: "fieldsBytes", limits.fieldsBytes)
        }
        var position = 0
        var count = 0
        while position < section.count {
            guard let newline = section.offset(of: 0x0A, from: position), newline > position,
                section[newline - 1] == 0x0D
            else { throw .malformed("a header line does not end in CR LF") }
            count += 1
            guard count <= limits.fieldCount else {
                throw .tooLarge(limit: "fieldCount", limits.fieldCount)
            }
            let field = try parseLine(section.slice(position..<(newline - 1)))
            try take(field.name, field.value)
            position = newline + 1
        }
    }

    /// One field line without its CR LF.
    package static func parseLine(
        _ line: UnsafeRawBufferPointer
    ) throws(SyntaxError) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        guard let first = line.first else { throw .malformed("a header line is empty") }
        guard first != 0x20, first != 0x09 else {
            throw .malformed("a header field is folded over two lines")
        }
        var colon = 0
        while colon < line.count, isTokenByte(line[colon]) { colon += 1 }
        guard colon > 0, colon < line.count, line[colon] == UInt8(ascii: ":") else {
            throw .malformed("a header field has no valid name")
        }
        let value = line.slice((colon + 1)..<line.count).trimmingSpaces()
        guard isFieldValue(value) else {
            throw .malformed("a header field value holds a control character")
        }
        return (line.slice(0..<colon), value)
    }
}

/// Finds the blank line that ends a message's head, however its bytes are cut, looking at each
/// byte once.
package struct HeadScanner: Sendable {
    private var scanned = 0
    private var lineStart = 0

    package init() {}

    /// The length of the head with its blank line, or nil if more bytes are needed. `bytes` is all
    /// that arrived since the head began, so it only grows between calls.
    package mutating func end(
        in bytes: UnsafeRawBufferPointer, limitBytes: Int
    ) throws(SyntaxError) -> Int? {
        while let newline = bytes.offset(of: 0x0A, from: scanned) {
            guard newline > lineStart, bytes[newline - 1] == 0x0D else {
                throw .malformed("a line of the head does not end in CR LF")
            }
            let isBlank = newline - 1 == lineStart
            lineStart = newline + 1
            scanned = lineStart
            guard lineStart <= limitBytes else { throw .tooLarge(limit: "headBytes", limitBytes) }
            if isBlank { return lineStart }
        }
        scanned = bytes.count
        guard scanned <= limitBytes else { throw .tooLarge(limit: "headBytes", limitBytes) }
        return nil
    }
}
