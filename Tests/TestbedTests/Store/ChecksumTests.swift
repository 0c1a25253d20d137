import Presign
import Testing

@testable import Testbed

@Suite struct ChecksumTests {
    private func value(_ algorithm: ChecksumAlgorithm, _ bytes: [UInt8], cut: Int? = nil) -> String
    {
        let state = algorithm.makeState()
        bytes.withUnsafeBytes { buffer in
            let cut = cut ?? buffer.count
            state.update(UnsafeRawBufferPointer(rebasing: buffer[..<cut]))
            state.update(UnsafeRawBufferPointer(rebasing: buffer[cut...]))
        }
        return Hex.encode(state.value)
    }

    /// The check values of the CRC catalogue and of FIPS 180-4's implementations.
    @Test(arguments: [
        (ChecksumAlgorithm.crc32, "cbf43926"), (.crc32c, "e3069283"),
        (.crc64nvme, "ae8b14860a799888"), (.sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
        (.sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
        (
            .sha512,
            "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274a"
                + "d27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85"
        ),
        (.md5, "25f9e794323b453885f5181f1b624d0b"),
    ])
    func `nine digits have the published checksums`(algorithm: ChecksumAlgorithm, hex: String) {
        #expect(value(algorithm, Array("123456789".utf8)) == hex)
    }

    @Test(arguments: ChecksumAlgorithm.allCases)
    func `a checksum does not depend on how the bytes are cut`(algorithm: ChecksumAlgorithm) {
        let bytes = (0..<100).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        let whole = value(algorithm, bytes)
        for cut in 0...bytes.count { #expect(value(algorithm, bytes, cut: cut) == whole) }
    }

    @Test(arguments: [ChecksumAlgorithm.crc32, .crc32c, .crc64nvme])
    func `parts combine to the checksum of the whole`(algorithm: ChecksumAlgorithm) {
        let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 101 &+ $0 >> 3) }
        for cuts in [[0, 0, 1], [1, 8, 4999], [1000, 2000, 3000], [5000, 5000, 5000]] {
            let ends = cuts + [bytes.count]
            let starts = [0] + cuts
            let parts = zip(starts, ends).map { start, end in
                let state = algorithm.makeState()
                Array(bytes[start..<end]).withUnsafeBytes { state.update($0) }
                return (value: state.value, sizeBytes: Int64(end - start))
            }
            #expect(algorithm.combined(parts).map { Hex.encode($0) } == value(algorithm, bytes))
        }
    }
}
