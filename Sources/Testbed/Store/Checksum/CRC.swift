/// Tables for a reflected CRC of 32 or 64 bits, eight bytes a step ("slicing by eight", Kounavis
/// and Berry, 2005).
struct CRCTable<Word: FixedWidthInteger & UnsignedInteger & Sendable>: @unchecked Sendable {
    // Written once before it is shared and never freed: concurrent reads are safe.
    private let entries: UnsafePointer<Word>
    private let polynomial: Word

    /// - Parameter polynomial: with its bits reversed.
    init(polynomial: Word) {
        let table = UnsafeMutablePointer<Word>.allocate(capacity: 8 * 256)
        for byte in 0..<256 {
            var value = Word(truncatingIfNeeded: byte)
            for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ polynomial : value >> 1 }
            table[byte] = value
        }
        for index in 256..<(8 * 256) {
            let previous = table[index - 256]
            table[index] = (previous >> 8) ^ table[Int(previous & 0xFF)]
        }
        entries = UnsafePointer(table)
        self.polynomial = polynomial
    }

    @inline(__always)
    func update(_ crc: Word, _ bytes: UnsafeRawBufferPointer) -> Word {
        guard var cursor = bytes.baseAddress else { return crc }
        let end = cursor + bytes.count
        let table = entries
        var crc = crc
        while end - cursor >= 8 {
            let word =
                UInt64(littleEndian: cursor.loadUnaligned(as: UInt64.self))
                ^ UInt64(truncatingIfNeeded: crc)
            let low =
                table[1792 &+ Int(word & 0xFF)] ^ table[1536 &+ Int(word &>> 8 & 0xFF)]
                ^ table[1280 &+ Int(word &>> 16 & 0xFF)] ^ table[1024 &+ Int(word &>> 24 & 0xFF)]
            let high =
                table[768 &+ Int(word &>> 32 & 0xFF)] ^ table[512 &+ Int(word &>> 40 & 0xFF)]
                ^ table[256 &+ Int(word &>> 48 & 0xFF)] ^ table[Int(word &>> 56)]
            crc = low ^ high
            cursor += 8
        }
        while cursor < end {
            let byte = Word(cursor.load(as: UInt8.self))
            crc = (crc >> 8) ^ table[Int(truncatingIfNeeded: (crc ^ byte) & 0xFF)]
            cursor += 1
        }
        return crc
    }

    /// The CRC of two runs of bytes in a row, from the CRC of each: the first is multiplied by
    /// x^(8·length) modulo the polynomial (zlib, `crc32_combine`).
    func combine(_ first: Word, _ second: Word, secondBytes: Int64) -> Word {
        var power: Word = 1 << Word(Word.bitWidth - 1)
        // x^8, then its squares.
        var square: Word = 1 << Word(Word.bitWidth - 9)
        var left = secondBytes
        while left > 0 {
            if left & 1 == 1 { power = multiply(power, square) }
            square = multiply(square, square)
            left >>= 1
        }
        return multiply(power, first) ^ second
    }

    private func multiply(_ a: Word, _ b: Word) -> Word {
        var mask: Word = 1 << Word(Word.bitWidth - 1)
        var b = b
        var product: Word = 0
        while mask != 0 {
            if a & mask != 0 { product ^= b }
            mask >>= 1
            b = b & 1 == 1 ? (b >> 1) ^ polynomial : b >> 1
        }
        return product
    }
}

enum CRCTables {
    static let crc32 = CRCTable<UInt32>(polynomial: 0xEDB8_8320)
    static let crc32c = CRCTable<UInt32>(polynomial: 0x82F6_3B78)
    static let crc64nvme = CRCTable<UInt64>(polynomial: 0x9A6C_9329_AC4B_C9B5)
}
