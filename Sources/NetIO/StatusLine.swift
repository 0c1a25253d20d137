/// RFC 9112 §4.
package struct StatusLine: Equatable, Sendable {
    package let status: Int
    /// HTTP/1.1 or a later 1.x, whose connections persist unless it is said otherwise.
    package let isVersion11: Bool

    /// `line` without its CR LF.
    package init(parsing line: UnsafeRawBufferPointer) throws(SyntaxError) {
        guard line.count >= 12, Self.hasVersion1(line), isDigit(line[7]), line[8] == 0x20
        else { throw .malformed("the answer does not start with an HTTP/1 status line") }
        guard isDigit(line[9]), isDigit(line[10]), isDigit(line[11]) else {
            throw .malformed("the status is not a number of three digits")
        }
        // The space is wanted even before an empty reason, but many servers leave it out, and
        // nothing can be confused by that.
        guard line.count == 12 || line[12] == 0x20 else {
            throw .malformed("the status is not a number of three digits")
        }
        guard isFieldValue(line.slice(12..<line.count)) else {
            throw .malformed("the reason phrase holds a control character")
        }
        let (hundreds, tens, ones) = (line[9] &- 0x30, line[10] &- 0x30, line[11] &- 0x30)
        status = Int(hundreds) * 100 + Int(tens) * 10 + Int(ones)
        // RFC 9110 §15: the first digit is the class, and there are five.
        guard (100...599).contains(status) else {
            throw .malformed("the status \(status) is in no class")
        }
        isVersion11 = line[7] != UInt8(ascii: "0")
    }

    private static func hasVersion1(_ line: UnsafeRawBufferPointer) -> Bool {
        // Case matters (RFC 9112 §2.3).
        line[0] == UInt8(ascii: "H") && line[1] == UInt8(ascii: "T")
            && line[2] == UInt8(ascii: "T") && line[3] == UInt8(ascii: "P")
            && line[4] == UInt8(ascii: "/") && line[5] == UInt8(ascii: "1")
            && line[6] == UInt8(ascii: ".")
    }
}
