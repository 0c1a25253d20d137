/// Builds CSV (RFC 4180) rows in one growing byte buffer.
package struct CSVEncoder: Sendable {
    package private(set) var bytes: [UInt8] = []
    private var isAtRowStart = true

    package init() {}

    package mutating func reserve(_ capacity: Int) { bytes.reserveCapacity(capacity) }

    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Hands the rows over and starts an empty buffer.
    package mutating func take() -> [UInt8] {
        let taken = bytes
        bytes = []
        return taken
    }

    package mutating func field(_ text: String) {
        separate()
        let needsQuotes = text.utf8.contains {
            $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D
        }
        guard needsQuotes else {
            bytes.append(contentsOf: text.utf8)
            return
        }
        bytes.append(0x22)
        for byte in text.utf8 {
            if byte == 0x22 { bytes.append(0x22) }
            bytes.append(byte)
        }
        bytes.append(0x22)
    }

    /// A whole number; nil is an empty field, "not applicable".
    package mutating func field(_ value: Int64?) {
        separate()
        guard let value else { return }
        appendDecimal(value)
    }

    package mutating func field(_ value: Int) { field(Int64(value)) }

    package mutating func field(_ value: Int?) { field(value.map(Int64.init)) }

    /// A decimal number with at most `places` digits after the point; not finite or nil is empty.
    package mutating func field(_ value: Double?, places: Int) {
        separate()
        guard let value, value.isFinite else { return }
        let scale = (0..<places).reduce(1.0) { product, _ in product * 10 }
        guard abs(value * scale) < 9e17 else {
            bytes.append(contentsOf: "\(value)".utf8)
            return
        }
        let scaled = Int64((value * scale).rounded())
        if scaled < 0 { bytes.append(0x2D) }
        let (whole, fraction) = scaled.magnitude.quotientAndRemainder(dividingBy: UInt64(scale))
        appendDecimal(Int64(whole))
        guard places > 0, fraction > 0 else { return }
        let digits = String(fraction)
        let padded = String(repeating: "0", count: places - digits.count) + digits
        let significant = padded.reversed().drop { $0 == "0" }.reversed()
        bytes.append(0x2E)
        bytes.append(contentsOf: String(significant).utf8)
    }

    package mutating func endRow() {
        bytes.append(0x0A)
        isAtRowStart = true
    }

    private mutating func separate() {
        if !isAtRowStart { bytes.append(0x2C) }
        isAtRowStart = false
    }

    private mutating func appendDecimal(_ value: Int64) {
        // From the last digit: 19 of them and a sign are the most.
        var text: (UInt64, UInt64, UInt32) = (0, 0, 0)
        withUnsafeMutableBytes(of: &text) { text in
            var start = text.count
            var rest = value.magnitude
            repeat {
                start -= 1
                text[start] = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 {
                start -= 1
                text[start] = 0x2D
            }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start...]))
        }
    }
}
