/// Builds CSV (RFC 4180) rows in one growing byte buffer.
///
/// A row is put together in a small buffer of its own and joins the others as one piece: there may be
/// a hundred thousand rows a second. Each field is followed by a comma; the row's end takes the place
/// of the last.
package struct CSVEncoder: Sendable {
    /// The finished rows.
    package private(set) var bytes: [UInt8] = []
    private var row = [UInt8](repeating: 0, count: 512)
    private var rowBytes = 0
    /// Digits of the longest number, its sign and a separator.
    private static let numberBytes = 24

    package init() {}

    package mutating func reserve(_ capacity: Int) { bytes.reserveCapacity(capacity) }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        rowBytes = 0
    }

    /// Hands the rows over and starts an empty buffer.
    package mutating func take() -> [UInt8] {
        joinRow()
        var taken: [UInt8] = []
        swap(&taken, &bytes)
        return taken
    }

    package mutating func field(_ text: String) {
        var text = text
        text.withUTF8 { text in
            for byte in text where byte == 0x22 || byte == 0x2C || byte == 0x0A || byte == 0x0D {
                return appendQuoted(text)
            }
            append(text)
        }
        endField()
    }

    /// A whole number; nil is an empty field, "not applicable".
    package mutating func field(_ value: Int64?) {
        if let value { field(value) } else { endField() }
    }

    package mutating func field(_ value: Int64) {
        makeRoom(Self.numberBytes)
        let start = rowBytes
        rowBytes += row.withUnsafeMutableBufferPointer { row in
            guard let base = row.baseAddress else { return 0 }
            let count = Decimal.store(value, to: base + start)
            base[start + count] = 0x2C
            return count + 1
        }
    }

    package mutating func field(_ value: Int) { field(Int64(value)) }

    package mutating func field(_ value: Int?) { field(value.map(Int64.init)) }

    /// A decimal number with at most `places` digits after the point; not finite or nil is empty.
    package mutating func field(_ value: Double?, places: Int) {
        defer { endField() }
        guard let value, value.isFinite else { return }
        let scale = (0..<places).reduce(1.0) { product, _ in product * 10 }
        guard abs(value * scale) < 9e17 else { return append("\(value)") }
        let scaled = Int64((value * scale).rounded())
        if scaled < 0 { append("-") }
        let (whole, fraction) = scaled.magnitude.quotientAndRemainder(dividingBy: UInt64(scale))
        append(String(whole))
        guard places > 0, fraction > 0 else { return }
        let digits = String(fraction)
        let padded = String(repeating: "0", count: places - digits.count) + digits
        append("." + String(padded.reversed().drop { $0 == "0" }.reversed()))
    }

    /// Fields that were made by another encoder, each with the comma behind it.
    package mutating func fields(_ made: [UInt8]) {
        made.withUnsafeBufferPointer { append($0) }
    }

    package mutating func endRow() {
        if rowBytes > 0 {
            row[rowBytes - 1] = 0x0A
        } else if !bytes.isEmpty, bytes[bytes.count - 1] == 0x2C {
            bytes[bytes.count - 1] = 0x0A
        } else {
            bytes.append(0x0A)
        }
        joinRow()
    }

    private mutating func endField() {
        makeRoom(1)
        row[rowBytes] = 0x2C
        rowBytes += 1
    }

    // MARK: The row

    private mutating func joinRow() {
        guard rowBytes > 0 else { return }
        row.withUnsafeBytes { row in
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: row[..<rowBytes]))
        }
        rowBytes = 0
    }

    @inline(__always)
    private mutating func makeRoom(_ count: Int) {
        if rowBytes + count > row.count { joinRow() }
    }

    private mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    private mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
        makeRoom(text.count)
        guard text.count <= row.count else {
            bytes.append(contentsOf: text)
            return
        }
        let start = rowBytes
        row.withUnsafeMutableBytes { row in
            UnsafeMutableRawBufferPointer(rebasing: row[start...])
                .copyMemory(from: UnsafeRawBufferPointer(text))
        }
        rowBytes += text.count
    }

    private mutating func appendQuoted(_ text: UnsafeBufferPointer<UInt8>) {
        var quoted: [UInt8] = [0x22]
        for byte in text {
            if byte == 0x22 { quoted.append(0x22) }
            quoted.append(byte)
        }
        quoted.append(0x22)
        quoted.withUnsafeBufferPointer { append($0) }
    }
}

/// Whole numbers as text.
private enum Decimal {
    /// Writes at most 20 characters at `target` and answers how many.
    static func store(_ value: Int64, to target: UnsafeMutablePointer<UInt8>) -> Int {
        var start = target
        if value < 0 {
            start.pointee = 0x2D
            start += 1
        }
        var rest = value.magnitude
        let count = digitCount(rest)
        var end = start + count
        while rest >= 100 {
            let (hundreds, pair) = rest.quotientAndRemainder(dividingBy: 100)
            end -= 2
            store(pair, to: end)
            rest = hundreds
        }
        if rest >= 10 {
            store(rest, to: start)
        } else {
            start.pointee = UInt8(truncatingIfNeeded: 0x30 &+ rest)
        }
        return start - target + count
    }

    @inline(__always)
    private static func store(_ pair: UInt64, to target: UnsafeMutablePointer<UInt8>) {
        let digits = pairs.utf8Start + 2 * Int(truncatingIfNeeded: pair)
        target[0] = digits[0]
        target[1] = digits[1]
    }

    /// 00 to 99.
    private static var pairs: StaticString {
        """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445\
        4647484950515253545556575859606162636465666768697071727374757677787980818283848586878889909192\
        93949596979899
        """
    }

    /// From the number of bits: 1233/4096 is log10(2) (Bit Twiddling Hacks, "Find integer log base
    /// 10 of an integer").
    @inline(__always)
    private static func digitCount(_ value: UInt64) -> Int {
        let bits = 64 - (value | 1).leadingZeroBitCount
        let least = (bits &* 1233) &>> 12
        return least + ((value | 1) >= powersOfTen[least] ? 1 : 0)
    }

    private static let powersOfTen: [UInt64] = [
        1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
        10_000_000_000, 100_000_000_000, 1_000_000_000_000, 10_000_000_000_000,
        100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000,
        100_000_000_000_000_000, 1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
    ]
}
