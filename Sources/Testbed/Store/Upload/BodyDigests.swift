import Presign

/// What a body turned out to be.
struct ReceivedBody {
    let content: any StoredBytes
    let md5: [UInt8]
    /// By algorithm: the one that was claimed and those that were asked for.
    let checksums: [ChecksumAlgorithm: [UInt8]]
    let claimed: ChecksumAlgorithm?

    var etag: String { "\"\(Hex.encode(md5))\"" }
}

/// The checksums of a body under way, and what they have to be at its end.
struct BodyDigests {
    private var md5 = MD5()
    private let expectedMD5: [UInt8]?
    private var payloadHash: SHA256?
    private let payloadHex: String?
    private let claim: ChecksumClaim?
    private let states: [(algorithm: ChecksumAlgorithm, state: any ChecksumState)]

    /// - Parameters:
    ///   - contentMD5: Base64, as the header has it.
    ///   - payloadHex: the SHA-256 that a signature covers.
    ///   - wanted: algorithms to compute besides the claimed one.
    init(
        contentMD5: String?, payloadHex: String?, claim: ChecksumClaim?,
        wanted: [ChecksumAlgorithm]
    ) throws(S3Failure) {
        if let contentMD5 {
            guard let value = Base64.decode(contentMD5), value.count == 16 else {
                throw S3Failure(
                    400, "InvalidDigest", "The Content-MD5 you specified was invalid.",
                    ["Content-MD5": contentMD5])
            }
            expectedMD5 = value
        } else {
            expectedMD5 = nil
        }
        self.payloadHex = payloadHex
        payloadHash = payloadHex == nil ? nil : SHA256()
        self.claim = claim
        var algorithms = wanted
        if let claimed = claim?.algorithm, !wanted.contains(claimed) { algorithms.append(claimed) }
        states = algorithms.map { ($0, $0.makeState()) }
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        md5.update(bytes)
        payloadHash?.update(bytes)
        for (_, state) in states { state.update(bytes) }
    }

    /// Checks every claim.
    ///
    /// - Parameter trailer: the value of a checksum that came after the body.
    func finish(
        _ content: any StoredBytes, trailer: (String) -> String?
    ) throws(S3Failure) -> ReceivedBody {
        if let payloadHex, let computed = payloadHash?.digest().hex, computed != payloadHex {
            throw S3Failure(
                400, "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
                [
                    "ClientComputedContentSHA256": payloadHex,
                    "S3ComputedContentSHA256": computed,
                ])
        }
        let digest = md5.digest()
        if let expectedMD5, expectedMD5 != digest {
            throw S3Failure(
                400, "BadDigest", "The Content-MD5 you specified did not match what we received.",
                [
                    "ExpectedDigest": Base64.encode(expectedMD5),
                    "CalculatedDigest": Base64.encode(digest),
                ])
        }
        let values = Dictionary(uniqueKeysWithValues: states.map { ($0.algorithm, $0.state.value) })
        try check(values, trailer)
        return ReceivedBody(
            content: content, md5: digest, checksums: values, claimed: claim?.algorithm)
    }

    private func check(
        _ values: [ChecksumAlgorithm: [UInt8]], _ trailer: (String) -> String?
    ) throws(S3Failure) {
        guard let claim else { return }
        let expected: [UInt8]
        switch claim.value {
        case .absent: return
        case .given(let value): expected = value
        case .trailing:
            guard let text = trailer(claim.algorithm.headerName) else {
                throw .malformedTrailer
            }
            expected = try ChecksumClaim.value(text, claim.algorithm)
        }
        guard values[claim.algorithm] == expected else {
            throw .badDigest(claim.algorithm.rawValue)
        }
    }
}
