import Glibc

/// Two words of bits, one per ASCII character.
private struct OctetSet {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init(_ characters: String, alphanumerics: Bool = true) {
        characters.utf8.forEach { insert($0) }
        guard alphanumerics else { return }
        for byte in UInt8(ascii: "0")...UInt8(ascii: "9") { insert(byte) }
        for byte in UInt8(ascii: "a")...UInt8(ascii: "z") { insert(byte) }
        for byte in UInt8(ascii: "A")...UInt8(ascii: "Z") { insert(byte) }
    }

    private mutating func insert(_ byte: UInt8) {
        if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte & 63) }
    }

    func contains(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        return ((byte < 64 ? low : high) >> UInt64(byte & 63)) & 1 == 1
    }
}

private let tokenBytes = OctetSet("!#$%&'*+-.^_`|~")
private let hostBytes = OctetSet("-._~%!$&'()*+,;=:[]")

/// RFC 9110 §5.6.2.
func isTokenByte(_ byte: UInt8) -> Bool { tokenBytes.contains(byte) }

/// RFC 9110 §7.2: an authority without user information.
func isHostByte(_ byte: UInt8) -> Bool { hostBytes.contains(byte) }

/// S3 clients send characters in a path that RFC 3986 wants escaped (`"`, `<`, `|`, UTF-8), and
/// sign them as sent, so only what would break the line or start a fragment is refused.
func isTargetByte(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: "#")
}

/// RFC 9110 §5.5.
func isFieldValueByte(_ byte: UInt8) -> Bool { (byte >= 0x20 && byte != 0x7F) || byte == 0x09 }

func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

/// Equal but for the case of ASCII letters; `lowercase` must be in lower case.
func isSameToken(_ text: some StringProtocol, _ lowercase: StaticString) -> Bool {
    guard text.utf8.count == lowercase.utf8CodeUnitCount else { return false }
    var position = lowercase.utf8Start
    for byte in text.utf8 {
        let folded = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
        guard folded == position.pointee else { return false }
        position += 1
    }
    return true
}

extension Substring {
    func trimmingSpaces() -> Substring {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}

extension UnsafeRawBufferPointer {
    func firstOffset(of byte: UInt8) -> Int? {
        guard let base = baseAddress, let found = memchr(base, Int32(byte), count) else {
            return nil
        }
        return UnsafeRawPointer(found) - base
    }
}
