/// A JSON document (RFC 8259) with its members in order, as policies need it.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// As written: `1.0` and `1` differ to a policy.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([(name: String, value: JSONValue)])

    /// The first member of this name.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        for member in members where sameBytes(member.name, name) { return member.value }
        return nil
    }

    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    package var number: String? {
        guard case .number(let text) = self else { return nil }
        return text
    }

    package var integer: Int? { number.flatMap { Int($0) } }

    package var array: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    package var object: [(name: String, value: JSONValue)]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    package var isNull: Bool {
        guard case .null = self else { return false }
        return true
    }
}

/// Equal as bytes: Swift's `==` holds `é` and `e` with an accent for the same text, S3 does not.
func sameBytes(_ a: String, _ b: String) -> Bool {
    // Equal texts of equal length still differ when combining marks stand in another order.
    a.utf8.count == b.utf8.count && a == b
        && (a.utf8.allSatisfy { $0 < 0x80 } || a.utf8.elementsEqual(b.utf8))
}

/// Text as JSON writes it.
package enum JSONString {
    /// Appends the string in quotes.
    ///
    /// - Parameter asciiOnly: other characters as `\uXXXX`, as Python's `json` writes them.
    package static func append(
        _ text: String, to output: inout [UInt8], asciiOnly: Bool = false
    ) {
        output.append(UInt8(ascii: "\""))
        appendContents(text, to: &output, asciiOnly: asciiOnly)
        output.append(UInt8(ascii: "\""))
    }

    static func appendContents(_ text: String, to output: inout [UInt8], asciiOnly: Bool) {
        var text = text
        let isDone = text.withUTF8 { bytes in
            for byte in bytes where !(isPlain(byte) || (!asciiOnly && byte >= 0x80)) {
                return false
            }
            output += bytes
            return true
        }
        if isDone { return }
        for unit in text.utf16 { appendUnit(unit, to: &output) }
    }

    /// Needs no escape, in ASCII.
    @inline(__always)
    static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x5C
    }

    /// How many bytes from the start need no escape, in ASCII, looked at eight at a time.
    package static func plainPrefix(_ bytes: UnsafeRawBufferPointer, from start: Int = 0) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let high = ones << 7
        // The highest bit of each byte that is zero, and perhaps of ones above it (Bit Twiddling Hacks).
        func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word }
        var index = start
        while index + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let odd =
                (word &- ones &* 0x20) | word | zeros(word ^ (ones &* 0x22))
                | zeros(word ^ (ones &* 0x5C)) | zeros(word ^ (ones &* 0x7F))
            guard odd & high == 0 else { break }
            index += 8
        }
        while index < bytes.count, isPlain(bytes[index]) { index += 1 }
        return index
    }

    package static func quoted(_ text: String, asciiOnly: Bool = false) -> String {
        var output: [UInt8] = []
        append(text, to: &output, asciiOnly: asciiOnly)
        return String(decoding: output, as: UTF8.self)
    }

    private static func appendUnit(
        _ unit: UInt16, to output: inout [UInt8]
    ) {
        let short: [UInt16: Character] = [
            0x22: "\"", 0x5C: "\\", 0x08: "b", 0x0C: "f", 0x0A: "n", 0x0D: "r", 0x09: "t",
        ]
        if let letter = short[unit] {
            output += Array("\\\(letter)".utf8)
        } else if unit >= 0x20 && unit < 0x80 {
            // Python leaves DEL as it is.
            output.append(UInt8(unit))
        } else {
            // Outside asciiOnly this also escapes the text's non-ASCII characters: equal JSON.
            let digits = String(unit, radix: 16)
            output += Array(
                "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
        }
    }
}
