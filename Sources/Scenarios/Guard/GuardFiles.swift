import Transfer

/// The files that attempts send, all cut from one block of bytes.
package struct GuardFiles {
    package static let contentType = "image/png"
    /// A type that a browser runs scripts from.
    static let dangerousType = "text/html"
    /// What is put where an attempt wants to write: of a size that no attempt has.
    package static let seedBytes = 17
    /// PNG (Portable Network Graphics) Specification, "PNG signature".
    private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    private let truthful: Payload
    private let lying: Payload

    /// - Parameters:
    ///   - largestBytes: that any attempt will ask for.
    ///   - largestLyingBytes: the same of files that are not what they say; they are of usual size.
    package init(largestBytes: Int64, largestLyingBytes: Int64, seed: UInt64) {
        truthful = Payload(byteCount: Int(largestBytes), prefix: Self.signature, seed: seed)
        lying = Payload(byteCount: Int(largestLyingBytes), seed: seed &+ 1)
    }

    /// Bytes that begin as a PNG file does, if there is room.
    func file(_ bytes: Int64) -> BodySlice { BodySlice(truthful, range: 0..<Int(bytes)) }
    /// Bytes that say image/png and are none.
    func lyingFile(_ bytes: Int64) -> BodySlice { BodySlice(lying, range: 0..<Int(bytes)) }

    var seed: BodySlice { file(Int64(Self.seedBytes)) }
}

extension BodySlice {
    /// The same bytes from `range` on, counted from this slice's start.
    func cut(_ range: Range<Int>) -> BodySlice {
        switch self {
        case .payload(let payload, let own):
            BodySlice(
                payload,
                range: (own.lowerBound + range.lowerBound)..<(own.lowerBound + range.upperBound))
        case .bytes(let bytes): .bytes(Array(bytes[range.clamped(to: 0..<bytes.count)]))
        }
    }

    /// For what has to be encoded or hashed.
    func withBytes<Result>(_ use: (UnsafeRawBufferPointer) -> Result) -> Result {
        switch self {
        case .payload(let payload, let range):
            use(UnsafeRawBufferPointer(rebasing: payload.buffer[range]))
        case .bytes(let bytes): bytes.withUnsafeBytes(use)
        }
    }
}
