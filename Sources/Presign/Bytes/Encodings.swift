/// Hexadecimal, lower case as signatures are written.
package enum Hex {
    /// The eight digits of a word, the most significant in the lowest byte.
    @inline(__always)
    static func digits(_ word: UInt32) -> UInt64 {
        var x = UInt64(word.byteSwapped)
        x = (x | (x &<< 16)) & 0x0000_FFFF_0000_FFFF
        x = (x | (x &<< 8)) & 0x00FF_00FF_00FF_00FF
        x = ((x &>> 4) | (x &<< 8)) & 0x0F0F_0F0F_0F0F_0F0F
        let letters = ((x &+ 0x0606_0606_0606_0606) &>> 4) & 0x0101_0101_0101_0101
        return (x &+ 0x3030_3030_3030_3030 &+ letters &* 0x27).littleEndian
    }

    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// nil unless the text is pairs of hex digits.
    package static func decode(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map(value)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// AWS's UriEncode (S3 API Reference, "Authenticating Requests: Using Query Parameters"): every
/// byte outside `A-Za-z0-9-._~` becomes `%XX`, upper case; in an object key `/` stays.
package enum PercentEncoding {
    /// 256 entries: up to three characters in the low bytes, their count in the highest.
    struct Table: @unchecked Sendable {
        // Written once before it is shared and never freed: concurrent reads are safe.
        let entries: UnsafePointer<UInt32>

        init(keepingSlash: Bool) {
            let hex = Array("0123456789ABCDEF".utf8)
            let table = UnsafeMutablePointer<UInt32>.allocate(capacity: 256)
            for byte in 0..<256 {
                let plain =
                    isUnreserved(UInt8(byte)) || (keepingSlash && byte == 0x2F)
                table[byte] =
                    plain
                    ? UInt32(byte) | 1 << 24
                    : UInt32(UInt8(ascii: "%")) | UInt32(hex[byte >> 4]) << 8
                        | UInt32(hex[byte & 15]) << 16 | 3 << 24
            }
            entries = UnsafePointer(table)
        }

        /// Writes one byte's encoding and answers its length.
        @inline(__always)
        func store(_ byte: UInt8, to target: UnsafeMutableRawPointer) -> Int {
            let entry = entries[Int(byte)]
            target.storeBytes(of: entry.littleEndian, as: UInt32.self)
            return Int(entry &>> 24)
        }

        /// Of the lengths 1 and 3 only the latter has the second bit.
        @inline(__always)
        func escapesAny(_ word: UInt64) -> Bool {
            let low = entry(word, 0) | entry(word, 8) | entry(word, 16) | entry(word, 24)
            let high = entry(word, 32) | entry(word, 40) | entry(word, 48) | entry(word, 56)
            return (low | high) & (2 << 24) != 0
        }

        @inline(__always)
        private func entry(_ word: UInt64, _ shift: UInt64) -> UInt32 {
            entries[Int(truncatingIfNeeded: word &>> shift & 0xFF)]
        }
    }

    static let path = Table(keepingSlash: true)
    static let query = Table(keepingSlash: false)

    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// Writes the encoding at `target` and answers its length. Three bytes per input byte and one
    /// more must be free.
    @inline(__always)
    static func store(
        _ bytes: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, _ table: Table
    ) -> Int {
        var cursor = target
        var index = 0
        // Most keys are plain from end to end: eight characters at a time, while none needs an escape.
        while index + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if table.escapesAny(word) {
                for _ in 0..<8 {
                    cursor += table.store(bytes[index], to: cursor)
                    index += 1
                }
                continue
            }
            cursor.storeBytes(of: word, as: UInt64.self)
            cursor += 8
            index += 8
        }
        while index < bytes.count {
            cursor += table.store(bytes[index], to: cursor)
            index += 1
        }
        return cursor - target
    }

    package static func encode(_ bytes: [UInt8], keepingSlash: Bool = false) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: bytes.count * 3 + 4) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            count = bytes.withUnsafeBytes {
                store($0, to: base, keepingSlash ? path : query)
            }
        }
    }

    package static func encode(_ text: String, keepingSlash: Bool = false) -> String {
        String(decoding: encode(Array(text.utf8), keepingSlash: keepingSlash), as: UTF8.self)
    }

    /// Decodes `%XX`; anything that is no escape stays as it is.
    package static func decode(
        _ text: some Collection<UInt8>, plusIsSpace: Bool = false
    ) -> [UInt8] {
        let bytes = Array(text)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let high = Hex.value(bytes[index + 1]), let low = Hex.value(bytes[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
                continue
            }
            let isSpace = plusIsSpace && bytes[index] == UInt8(ascii: "+")
            result.append(isSpace ? UInt8(ascii: " ") : bytes[index])
            index += 1
        }
        return result
    }
}

/// Base64 (RFC 4648 §4), by a table of twelve-bit groups.
package enum Base64 {
    /// 4,096 pairs of characters, the first in the low byte.
    struct Table: @unchecked Sendable {
        // Written once before it is shared and never freed: concurrent reads are safe.
        let pairs: UnsafePointer<UInt16>

        init() {
            let table = UnsafeMutablePointer<UInt16>.allocate(capacity: 4096)
            for group in 0..<4096 {
                table[group] =
                    UInt16(alphabet[group >> 6]) | UInt16(alphabet[group & 63]) << 8
            }
            pairs = UnsafePointer(table)
        }
    }

    static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    static let table = Table()

    /// Writes the encoding with padding at `target` and answers its length.
    static func store(
        _ bytes: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, _ table: Table
    ) -> Int {
        let whole = bytes.count / 3
        guard let base = bytes.baseAddress else { return 0 }
        for group in 0..<whole {
            let source = base + group * 3
            let bits =
                UInt32(source.load(as: UInt8.self)) << 16
                | UInt32(source.load(fromByteOffset: 1, as: UInt8.self)) << 8
                | UInt32(source.load(fromByteOffset: 2, as: UInt8.self))
            let text =
                UInt32(table.pairs[Int(bits &>> 12)])
                | UInt32(table.pairs[Int(bits & 0xFFF)]) << 16
            target.storeBytes(of: text.littleEndian, toByteOffset: group * 4, as: UInt32.self)
        }
        let rest = bytes.count - whole * 3
        guard rest > 0 else { return whole * 4 }
        let first = base.load(fromByteOffset: whole * 3, as: UInt8.self)
        let second = rest == 2 ? base.load(fromByteOffset: whole * 3 + 1, as: UInt8.self) : 0
        let bits = UInt32(first) << 16 | UInt32(second) << 8
        let pad = UInt8(ascii: "=")
        let last = rest == 2 ? alphabet[Int(bits >> 6 & 63)] : pad
        let text: [UInt8] = [
            alphabet[Int(bits >> 18)], alphabet[Int(bits >> 12 & 63)], last, pad,
        ]
        (target + whole * 4).copyMemory(from: text, byteCount: 4)
        return whole * 4 + 4
    }

    package static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            return bytes.withUnsafeBytes { store($0, to: base, table) }
        }
    }

    /// The characters of the encoding, for bytes too many to make a string of.
    package static func encode(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        let count = (bytes.count + 2) / 3 * 4
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            written = buffer.baseAddress.map { store(bytes, to: $0, table) } ?? 0
        }
    }

    /// nil unless the text is padded Base64 without line breaks.
    package static func decode(_ text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count.isMultiple(of: 4) else { return nil }
        let body = characters.prefix { $0 != UInt8(ascii: "=") }
        let padding = characters.count - body.count
        guard padding <= 2, characters.suffix(padding).allSatisfy({ $0 == UInt8(ascii: "=") })
        else { return nil }
        var result: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for character in body {
            guard let value = value(character) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return result
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
