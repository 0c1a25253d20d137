import COpenSSL

/// Random numbers and UUIDs for object keys, one source per thread: from OpenSSL's generator,
/// fetched by the page, or from a seed for runs that must repeat.
package final class RandomSource: RandomNumberGenerator {
    private static let wordCount = 512
    private var words = [UInt64](repeating: 0, count: RandomSource.wordCount)
    private var used = RandomSource.wordCount
    private var seededState: UInt64?

    /// Unpredictable numbers from `RAND_bytes(3)`, which the kernel seeds.
    package init() {}

    /// The same numbers for the same seed (SplitMix64).
    package init(seed: UInt64) {
        seededState = seed
    }

    package func next() -> UInt64 {
        if used == Self.wordCount { refill() }
        defer { used += 1 }
        return words[used]
    }

    /// A version 4 UUID (RFC 9562 §5.4), 36 characters.
    package func uuid() -> String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            storeUUID(to: base)
            return 36
        }
    }

    /// Writes 36 characters at `target`.
    package func storeUUID(to target: UnsafeMutableRawPointer) {
        let high = next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let (a, b) = (UInt32(truncatingIfNeeded: high >> 32), UInt32(truncatingIfNeeded: high))
        let (c, d) = (UInt32(truncatingIfNeeded: low >> 32), UInt32(truncatingIfNeeded: low))
        let dash = UInt8(ascii: "-")
        let (middle, tail) = (Hex.digits(b).littleEndian, Hex.digits(c).littleEndian)
        target.storeBytes(of: Hex.digits(a), as: UInt64.self)
        target.storeBytes(of: dash, toByteOffset: 8, as: UInt8.self)
        Self.storeHalf(middle, to: target + 9)
        target.storeBytes(of: dash, toByteOffset: 13, as: UInt8.self)
        Self.storeHalf(middle >> 32, to: target + 14)
        target.storeBytes(of: dash, toByteOffset: 18, as: UInt8.self)
        Self.storeHalf(tail, to: target + 19)
        target.storeBytes(of: dash, toByteOffset: 23, as: UInt8.self)
        Self.storeHalf(tail >> 32, to: target + 24)
        target.storeBytes(of: Hex.digits(d), toByteOffset: 28, as: UInt64.self)
    }

    private static func storeHalf(_ digits: UInt64, to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: UInt32(truncatingIfNeeded: digits).littleEndian, as: UInt32.self)
    }

    private func refill() {
        used = 0
        guard var state = seededState else { return fillUnpredictably() }
        for index in words.indices {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            words[index] = z ^ (z >> 31)
        }
        seededState = state
    }

    private func fillUnpredictably() {
        let status = words.withUnsafeMutableBytes { buffer in
            RAND_bytes(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(buffer.count))
        }
        guard status != 1 else { return }
        var generator = SystemRandomNumberGenerator()
        for index in words.indices { words[index] = generator.next() }
    }
}
