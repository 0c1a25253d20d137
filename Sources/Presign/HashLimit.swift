/// The SHA-256 compressions that a signature cannot do without, and nothing else: what signing
/// speed is compared with. No state is carried from one signature to the next but the key's pads.
package struct HashLimit: ~Copyable {
    private let scratch: UnsafeMutableRawPointer
    private let requestBytes: Int?
    private let messageBytes: Int
    private let key: HMACKey
    private var previous: UInt32 = 0

    /// How many 64-byte blocks one signature compresses.
    package let blocks: Int

    /// - Parameters:
    ///   - canonicalRequestBytes: nil for a form, which signs its policy directly.
    ///   - signedBytes: length of the string to sign or of the policy's Base64 text.
    package init(canonicalRequestBytes: Int?, signedBytes: Int) {
        let largest = max(canonicalRequestBytes ?? 0, signedBytes) + 3 * SHA256.blockBytes
        scratch = .allocate(byteCount: largest, alignment: 64)
        scratch.initializeMemory(as: UInt8.self, repeating: 0x61, count: largest)
        func padded(_ count: Int) -> Int { (count + 9 + 63) / 64 * 64 }
        requestBytes = canonicalRequestBytes.map(padded)
        messageBytes = padded(signedBytes)
        key = HMACKey(Array("key".utf8))
        blocks = ((requestBytes ?? 0) + messageBytes) / SHA256.blockBytes + 1
    }

    deinit {
        scratch.deallocate()
    }

    package mutating func run() {
        // Each signature depends on the one before it, so that none can be left out.
        scratch.storeBytes(of: previous, as: UInt32.self)
        if let requestBytes {
            let hash = SHA256Initial.state.finish(paddedBlocks: scratch, byteCount: requestBytes)
            scratch.storeBytes(of: hash.words.0, as: UInt32.self)
        }
        let inner = key.inner.finish(paddedBlocks: scratch, byteCount: messageBytes)
        scratch.storeBytes(of: inner.words.0, as: UInt32.self)
        let outer = key.outer.finish(paddedBlocks: scratch, byteCount: SHA256.blockBytes)
        previous = outer.words.0
    }
}
