/// The HMAC of one signing key, ready for strings that begin alike: the key's pads and every whole
/// block of the common prefix are absorbed, padding is in place, so a signature costs the
/// compressions that its own bytes need.
struct SigningMidstate: ~Copyable {
    /// Rest of the prefix, 64 hex digits, padding: at most three blocks.
    private let message: UnsafeMutableRawPointer
    /// The inner digest and its padding: one block.
    private let outerBlock: UnsafeMutableRawPointer
    private var hexOffset = 0
    private var messageBytes = 0
    private var key = HMACKey([])
    private var inner = SHA256()

    init() {
        message = .allocate(byteCount: 4 * SHA256.blockBytes, alignment: 64)
        outerBlock = .allocate(byteCount: SHA256.blockBytes, alignment: 64)
        _ = SHA256.pad(outerBlock, count: 32, absorbedBytes: SHA256.blockBytes)
    }

    deinit {
        message.deallocate()
        outerBlock.deallocate()
    }

    /// The prefix must be set again after a new key.
    mutating func setKey(_ key: SigningKey) {
        self.key = key.hmac
    }

    mutating func setPrefix(_ prefix: [UInt8]) {
        let whole = prefix.count & ~(SHA256.blockBytes - 1)
        inner = key.inner
        inner.update(Array(prefix[..<whole]))
        hexOffset = prefix.count - whole
        message.copyMemory(from: Array(prefix[whole...]), byteCount: hexOffset)
        messageBytes = SHA256.pad(
            message, count: hexOffset + 64, absorbedBytes: SHA256.blockBytes + whole)
    }

    /// The signature of the prefix followed by the digest in hex.
    mutating func sign(_ digest: SHA256Digest) -> SHA256Digest {
        digest.storeHex(to: message + hexOffset)
        return finish(inner.finish(paddedBlocks: message, byteCount: messageBytes))
    }

    /// The outer hash of an inner one.
    mutating func finish(_ innerDigest: SHA256Digest) -> SHA256Digest {
        innerDigest.storeBytes(to: outerBlock)
        return key.outer.finish(paddedBlocks: outerBlock, byteCount: SHA256.blockBytes)
    }

    /// The state after the key's inner pad, for messages hashed elsewhere.
    var innerStart: SHA256 { key.inner }
}

/// The state before the first block, made once.
enum SHA256Initial {
    static let state = SHA256()
}
