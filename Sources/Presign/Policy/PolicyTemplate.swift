/// The Base64 text of a policy around its key, most of it prepared.
///
/// The text before the key is encoded once, and its whole hash blocks absorbed; the text after the
/// key is encoded for each of the three ways in which it can meet a group of three bytes.
struct PolicyTemplate: ~Copyable {
    private var buffer = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
    private var capacity = 64
    /// The head's last bytes that fill no group, the key, the first bytes of the rest.
    private var joint = UnsafeMutableRawPointer.allocate(
        byteCount: SigningError.keyBytesLimit * 6 + 16, alignment: 8)
    private var jointOffset = 0
    private var headTextBytes = 0
    private var absorbedBytes = 0
    private var midstate = SHA256()
    private var restStart: [UInt8] = []
    private var restTexts: [[UInt8]] = []
    private let base64 = Base64.table

    init() {}

    deinit {
        buffer.deallocate()
        joint.deallocate()
    }

    /// - Parameter start: the state that the Base64 text is hashed from.
    mutating func set(head: [UInt8], rest: [UInt8], hashing start: SHA256) {
        let whole = head.count / 3 * 3
        let text = Array(Base64.encode(Array(head[..<whole])).utf8)
        headTextBytes = text.count
        absorbedBytes = text.count & ~(SHA256.blockBytes - 1)
        midstate = start
        midstate.update(Array(text[..<absorbedBytes]))
        jointOffset = head.count - whole
        joint.copyMemory(from: Array(head[whole...]), byteCount: jointOffset)
        restStart = Array(rest.prefix(2))
        restTexts = (0..<3).map { Array(Base64.encode(Array(rest.dropFirst($0))).utf8) }
        let keyText = (SigningError.keyBytesLimit * 6 + 8) / 3 * 4
        let needed = text.count + keyText + restTexts[0].count + 3 * SHA256.blockBytes
        if needed > capacity {
            buffer.deallocate()
            buffer = .allocate(byteCount: needed, alignment: 64)
            capacity = needed
        }
        buffer.copyMemory(from: text, byteCount: text.count)
    }

    /// Encodes the policy for a key, already escaped, and answers its length with the inner hash.
    mutating func encode(_ key: UnsafeRawBufferPointer) -> (textBytes: Int, hash: SHA256Digest) {
        let stage = fill(key)
        return (stage.encodedBytes, hash(stage))
    }

    /// Encodes and pads the policy for a key.
    func fill(_ key: UnsafeRawBufferPointer) -> SigningStage {
        UnsafeMutableRawBufferPointer(start: joint + jointOffset, count: key.count)
            .copyMemory(from: key)
        var count = jointOffset + key.count
        let borrowed = (3 - count % 3) % 3
        for index in 0..<borrowed {
            (joint + count).storeBytes(of: restStart[index], as: UInt8.self)
            count += 1
        }
        let jointText = Base64.store(
            UnsafeRawBufferPointer(start: joint, count: count), to: buffer + headTextBytes, base64)
        let end = headTextBytes + jointText
        let rest = restTexts[borrowed]
        rest.withUnsafeBytes { rest in
            UnsafeMutableRawBufferPointer(start: buffer + end, count: rest.count).copyMemory(
                from: rest)
        }
        let total = end + rest.count
        // The inner pad's block counts as absorbed.
        let padded = SHA256.pad(
            buffer + absorbedBytes, count: total - absorbedBytes,
            absorbedBytes: absorbedBytes + SHA256.blockBytes)
        return SigningStage(encodedBytes: total, paddedBytes: padded)
    }

    func hash(_ stage: SigningStage) -> SHA256Digest {
        midstate.finish(paddedBlocks: buffer + absorbedBytes, byteCount: stage.paddedBytes)
    }

    func text(_ byteCount: Int) -> String {
        String(unsafeUninitializedCapacity: byteCount) { target in
            UnsafeMutableRawBufferPointer(target).copyMemory(
                from: UnsafeRawBufferPointer(start: buffer, count: byteCount))
            return byteCount
        }
    }
}
