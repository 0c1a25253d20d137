/// Whom a request is for: a host and perhaps a port, never a user (RFC 9110 §4.2.4 and §7.2, RFC 3986
/// §3.2.2 and §3.2.3).
enum Authority {
    static func isValid(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.first == UInt8(ascii: "[") else {
            let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
            return bytes[..<end].allSatisfy(isNameByte) && isPortPart(bytes[end...])
        }
        guard let end = bytes.firstIndex(of: UInt8(ascii: "]")), end > 1 else { return false }
        return bytes[1..<end].allSatisfy(isAddressByte) && isPortPart(bytes[(end + 1)...])
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isHostByte(byte) && byte != UInt8(ascii: "[") && byte != UInt8(ascii: "]")
    }

    /// Of an IPv6 address, with an IPv4 address at its end perhaps.
    private static func isAddressByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x66).contains(byte | 0x20) || byte == UInt8(ascii: ":")
            || byte == UInt8(ascii: ".")
    }

    /// Nothing, or a colon with a port, which may be empty.
    private static func isPortPart(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let colon = bytes.first else { return true }
        let digits = bytes.dropFirst()
        guard colon == UInt8(ascii: ":"), digits.count <= 5, digits.allSatisfy(isDigit) else {
            return false
        }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 65_535
    }
}
