import Glibc

// One bit per ASCII character, as literals so that no table is built at run time.
private let tokenLow: UInt64 = 0x03FF_6CFA_0000_0000
private let tokenHigh: UInt64 = 0x57FF_FFFF_C7FF_FFFE

/// RFC 9110 §5.6.2.
@inline(__always)
package func isTokenByte(_ byte: UInt8) -> Bool {
    guard byte < 128 else { return false }
    return ((byte < 64 ? tokenLow : tokenHigh) >> UInt64(byte & 63)) & 1 == 1
}

/// RFC 9110 §5.5: visible characters, spaces, tabs and obs-text.
@inline(__always)
package func isFieldValueByte(_ byte: UInt8) -> Bool {
    (byte >= 0x20 && byte != 0x7F) || byte == 0x09
}

/// Whether all bytes are those of a field value, looked at eight at a time.
package func isFieldValue(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let high = ones << 7
    var index = 0
    while index + 8 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        // A byte below space, or one that is DEL (Bit Twiddling Hacks, "Determine if a word has a
        // byte less than n", "… has a zero byte").
        let below = (word &- ones &* 0x20) & ~word & high
        let deletes = word ^ (ones &* 0x7F)
        let isDelete = (deletes &- ones) & ~deletes & high
        guard below | isDelete == 0 else { break }
        index += 8
    }
    while index < bytes.count {
        guard isFieldValueByte(bytes[index]) else { return false }
        index += 1
    }
    return true
}

@inline(__always)
package func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

@inline(__always)
package func lowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
}

/// Equal but for the case of ASCII letters; `lowercase` must be in lower case.
@inline(__always)
package func isSameToken(_ bytes: UnsafeRawBufferPointer, _ lowercase: StaticString) -> Bool {
    guard bytes.count == lowercase.utf8CodeUnitCount else { return false }
    let expected = lowercase.utf8Start
    for index in 0..<bytes.count where NetIO.lowercased(bytes[index]) != expected[index] {
        return false
    }
    return true
}

extension UnsafeRawBufferPointer {
    package func offset(of byte: UInt8, from start: Int = 0) -> Int? {
        guard start < count, let base = baseAddress,
            let found = memchr(base + start, Int32(byte), count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    @inline(__always)
    package func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }

    /// Without the spaces and tabs around it (OWS).
    package func trimmingSpaces() -> UnsafeRawBufferPointer {
        var start = 0
        var end = count
        while start < end, self[start] == 0x20 || self[start] == 0x09 { start += 1 }
        while end > start, self[end - 1] == 0x20 || self[end - 1] == 0x09 { end -= 1 }
        return slice(start..<end)
    }

    /// The elements of a comma-separated list (RFC 9110 §5.6.1), empty ones left out.
    package func forEachListElement(_ body: (UnsafeRawBufferPointer) -> Void) {
        var start = 0
        while start <= count {
            let end = offset(of: UInt8(ascii: ","), from: start) ?? count
            let element = slice(start..<end).trimmingSpaces()
            if !element.isEmpty { body(element) }
            start = end + 1
        }
    }

    /// Digits only, as `Content-Length` wants it (RFC 9110 §8.6); nil beyond Int64.
    package var decimalNumber: Int64? {
        guard count > 0, count <= 19 else { return nil }
        var number: Int64 = 0
        for byte in self {
            guard isDigit(byte) else { return nil }
            let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(Int64(byte &- 0x30))
            guard !overflow, !carry else { return nil }
            number = sum
        }
        return number
    }
}
