/// RFC 9112 §4.
package struct StatusLine: Equatable, Sendable {
    package let status: Int
    /// HTTP/1.1 or a later 1.x, whose connections persist unless it is said otherwise.
    package let isVersion11: Bool

    /// `line` without its CR LF.
    package init(parsing line: UnsafeRawBufferPointer) throws(SyntaxError) {
        guard line.count >= 12, line.starts(with: "HTTP/1.".utf8), isDigit(line[7]),
            line[8] == 0x20
        else { throw .malformed("the answer does not start with an HTTP/1 status line") }
        guard isDigit(line[9]), isDigit(line[10]), isDigit(line[11]) else {
            throw .malformed("the status is not a number of three digits")
        }
        // The space is wanted even before an empty reason, but many servers leave it out, and
        // nothing can be confused by that.
        guard line.count == 12 || line[12] == 0x20 else {
            throw .malformed("the status is not a number of three digits")
        }
        for byte in line.slice(12..<line.count) where !isFieldValueByte(byte) {
            throw .malformed("the reason phrase holds a control character")
        }
        let digits = line.slice(9..<12)
        status = digits.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
        // RFC 9110 §15: the first digit is the class, and there are five.
        guard (100...599).contains(status) else {
            throw .malformed("the status \(status) is in no class")
        }
        isVersion11 = line[7] != UInt8(ascii: "0")
    }
}
