import COpenSSL

/// A SHA-256 result as its eight words, most significant first.
package struct SHA256Digest: Sendable, Equatable {
    var words: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)

    package static func == (a: SHA256Digest, b: SHA256Digest) -> Bool { a.bytes == b.bytes }

    /// The 32 bytes.
    package var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            if let base = buffer.baseAddress { storeBytes(to: base) }
            count = 32
        }
    }

    /// 64 lower-case hex digits.
    package var hex: String {
        String(unsafeUninitializedCapacity: 64) { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            storeHex(to: base)
            return 64
        }
    }

    /// Writes 32 bytes at `target`.
    @inline(__always)
    func storeBytes(to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: words.0.bigEndian, toByteOffset: 0, as: UInt32.self)
        target.storeBytes(of: words.1.bigEndian, toByteOffset: 4, as: UInt32.self)
        target.storeBytes(of: words.2.bigEndian, toByteOffset: 8, as: UInt32.self)
        target.storeBytes(of: words.3.bigEndian, toByteOffset: 12, as: UInt32.self)
        target.storeBytes(of: words.4.bigEndian, toByteOffset: 16, as: UInt32.self)
        target.storeBytes(of: words.5.bigEndian, toByteOffset: 20, as: UInt32.self)
        target.storeBytes(of: words.6.bigEndian, toByteOffset: 24, as: UInt32.self)
        target.storeBytes(of: words.7.bigEndian, toByteOffset: 28, as: UInt32.self)
    }

    /// Writes 64 lower-case hex digits at `target`.
    @inline(__always)
    func storeHex(to target: UnsafeMutableRawPointer) {
        target.storeBytes(of: Hex.digits(words.0), toByteOffset: 0, as: UInt64.self)
        target.storeBytes(of: Hex.digits(words.1), toByteOffset: 8, as: UInt64.self)
        target.storeBytes(of: Hex.digits(words.2), toByteOffset: 16, as: UInt64.self)
        target.storeBytes(of: Hex.digits(words.3), toByteOffset: 24, as: UInt64.self)
        target.storeBytes(of: Hex.digits(words.4), toByteOffset: 32, as: UInt64.self)
        target.storeBytes(of: Hex.digits(words.5), toByteOffset: 40, as: UInt64.self)
        target.storeBytes(of: Hex.digits(words.6), toByteOffset: 48, as: UInt64.self)
        target.storeBytes(of: Hex.digits(words.7), toByteOffset: 56, as: UInt64.self)
    }
}

extension SHA256Digest {
    /// nil for anything but 32 bytes.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        let word = { (index: Int) in
            bytes[(4 * index)..<(4 * index + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        self.init(words: (word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7)))
    }
}

/// SHA-256 over OpenSSL's low-level struct: copying it copies a midstate, which the EVP interface
/// cannot do without an allocation and a fetch.
package struct SHA256: Sendable {
    static let blockBytes = 64
    private var context: SHA256_CTX

    package init() {
        context = SHA256_CTX()
        SHA256_Init(&context)
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        SHA256_Update(&context, bytes.baseAddress, bytes.count)
    }

    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The hash of everything given so far; more can follow.
    package func digest() -> SHA256Digest {
        var context = context
        var bytes: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &bytes) { buffer in
            _ = SHA256_Final(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), &context)
        }
        // SHA256_Final leaves the chaining value in place; the bytes are only its other spelling.
        return SHA256Digest(words: context.h)
    }

    package static func digest(_ bytes: UnsafeRawBufferPointer) -> SHA256Digest {
        var hash = SHA256()
        hash.update(bytes)
        return hash.digest()
    }

    package static func digest(_ bytes: [UInt8]) -> SHA256Digest {
        bytes.withUnsafeBytes { digest($0) }
    }

    /// Hashes whole, already padded blocks that follow this midstate: no buffering, no copy.
    ///
    /// - Precondition: this state has absorbed whole blocks only.
    @inline(__always)
    func finish(paddedBlocks: UnsafeRawPointer, byteCount: Int) -> SHA256Digest {
        var context = context
        SHA256_Update(&context, paddedBlocks, byteCount)
        return SHA256Digest(words: context.h)
    }

    /// Pads the message in place (FIPS 180-4 §5.1.1) and answers its length with padding.
    /// Up to 72 bytes after the message are written.
    ///
    /// - Parameter absorbedBytes: what the midstate has already hashed, whole blocks.
    @inline(__always)
    static func pad(
        _ message: UnsafeMutableRawPointer, count: Int, absorbedBytes: Int = 0
    ) -> Int {
        let padded = (count + 9 + blockBytes - 1) & ~(blockBytes - 1)
        message.storeBytes(of: 0x80, toByteOffset: count, as: UInt8.self)
        (message + count + 1).initializeMemory(
            as: UInt8.self, repeating: 0, count: padded - count - 9)
        let bits = UInt64(absorbedBytes + count) * 8
        message.storeBytes(of: bits.bigEndian, toByteOffset: padded - 8, as: UInt64.self)
        return padded
    }
}

/// HMAC-SHA256 (RFC 2104) with the padded key absorbed once.
package struct HMACKey: Sendable {
    let inner: SHA256
    let outer: SHA256

    package init(_ key: [UInt8]) {
        var block = key.count > SHA256.blockBytes ? SHA256.digest(key).bytes : key
        block += [UInt8](repeating: 0, count: SHA256.blockBytes - block.count)
        var inner = SHA256()
        inner.update(block.map { $0 ^ 0x36 })
        var outer = SHA256()
        outer.update(block.map { $0 ^ 0x5C })
        self.inner = inner
        self.outer = outer
    }

    package func authenticate(_ message: UnsafeRawBufferPointer) -> SHA256Digest {
        var hash = inner
        hash.update(message)
        var result = outer
        result.update(hash.digest().bytes)
        return result.digest()
    }

    package func authenticate(_ message: [UInt8]) -> SHA256Digest {
        message.withUnsafeBytes { authenticate($0) }
    }
}

/// Compares signatures and tokens, everywhere, without telling by its duration where the first
/// difference is; only the length is told.
package func constantTimeEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
}
