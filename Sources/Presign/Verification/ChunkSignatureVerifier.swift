/// The chain of signatures of an aws-chunked upload (S3 API Reference, "Transferring Payload in
/// Multiple Chunks"): each chunk's covers the one before it.
package struct ChunkSignatureVerifier: Sendable {
    private static let emptyHash = SHA256.digest([]).hex
    private let key: SigningKey
    private let accessKey: String
    private let amzDate: String
    private var previous: String
    private var hash = SHA256()

    /// - Parameter seed: the signature of the `Authorization` header.
    package init(key: SigningKey, accessKey: String, amzDate: String, seed: String) {
        self.key = key
        self.accessKey = accessKey
        self.amzDate = amzDate
        previous = seed
    }

    /// Takes in some of the current chunk's data.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        hash.update(bytes)
    }

    /// Ends the current chunk and checks its signature; the last chunk is empty.
    package mutating func endChunk(signature: String) throws(SignatureFailure) {
        let text = [
            "AWS4-HMAC-SHA256-PAYLOAD", amzDate, key.scope.description, previous, Self.emptyHash,
            hash.digest().hex,
        ]
        hash = SHA256()
        try check(text, signature)
    }

    /// Checks the trailer's signature; the values are trimmed as headers are.
    package mutating func checkTrailer(
        _ headers: [NameValue], signature: String
    ) throws(SignatureFailure) {
        let lines = headers.map {
            "\($0.name.lowercased()):\(CanonicalHeaders.collapsed($0.value))\n"
        }
        let text = [
            "AWS4-HMAC-SHA256-TRAILER", amzDate, key.scope.description, previous,
            SHA256.digest(Array(lines.joined().utf8)).hex,
        ]
        try check(text, signature)
    }

    private mutating func check(_ lines: [String], _ signature: String) throws(SignatureFailure) {
        let text = Array(lines.joined(separator: "\n").utf8)
        let expected = key.signature(of: text)
        guard constantTimeEqual(Array(expected.utf8), Array(signature.utf8)) else {
            throw .signatureMismatch(
                accessKey: accessKey, stringToSign: text, provided: signature,
                canonicalRequest: nil)
        }
        previous = expected
    }
}
