import COpenSSL
import Presign

/// MD5 as S3 uses it: ETags and Content-MD5.
struct MD5Digest {
    private var context = MD5_CTX()

    init() { MD5_Init(&context) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        MD5_Update(&context, bytes.baseAddress, bytes.count)
    }

    /// The digest of all bytes so far.
    func finished() -> [UInt8] {
        var copy = context
        var digest = [UInt8](repeating: 0, count: Int(MD5_DIGEST_LENGTH))
        MD5_Final(&digest, &copy)
        return digest
    }
}

/// What is computed of an object's bytes as they arrive, and what the client claimed of them.
struct BodyChecks {
    private var md5 = MD5Digest()
    private var sha256: SHA256?
    private let claimedSHA256: String?
    private let claimedMD5: [UInt8]?

    /// - Throws: InvalidDigest for a Content-MD5 that is none.
    init(contentMD5: String?, payloadHex: String?) throws(S3Failure) {
        claimedSHA256 = payloadHex
        sha256 = payloadHex == nil ? nil : SHA256()
        guard let contentMD5 else {
            claimedMD5 = nil
            return
        }
        guard let digest = Base64.decode(contentMD5), digest.count == 16 else {
            throw S3Failure(
                400, "InvalidDigest", "The Content-MD5 you specified was invalid.",
                [("Content-MD5", contentMD5)])
        }
        claimedMD5 = digest
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        md5.update(bytes)
        sha256?.update(bytes)
    }

    /// The ETag, if all claims hold.
    func finish() throws(S3Failure) -> String {
        let digest = md5.finished()
        if let claimedMD5, claimedMD5 != digest {
            throw S3Failure(
                400, "BadDigest", "The Content-MD5 you specified did not match what we received.",
                [
                    ("ExpectedDigest", Base64.encode(claimedMD5)),
                    ("CalculatedDigest", Base64.encode(digest)),
                ])
        }
        if let sha256, let claimedSHA256 {
            let computed = Hex.encode(sha256.digest().bytes)
            guard computed == claimedSHA256 else {
                throw S3Failure(
                    400, "XAmzContentSHA256Mismatch",
                    "The provided 'x-amz-content-sha256' header does not match what was computed.",
                    [
                        ("ClientComputedContentSHA256", claimedSHA256),
                        ("S3ComputedContentSHA256", computed),
                    ])
            }
        }
        return "\"\(Hex.encode(digest))\""
    }
}
