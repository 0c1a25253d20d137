/// A request's parts that signatures speak of, as they came over the wire.
package struct SignedRequest: Sendable {
    package let method: String
    /// Percent-encoded, without the query.
    package let rawPath: String
    /// Without the `?`.
    package let rawQuery: String
    /// All headers, `Host` among them, in order of arrival.
    package let headers: [NameValue]
    /// The bucket that the Host names, if it does; signatures of Version 2 speak of it.
    package let hostBucket: String?

    package init(
        method: String, rawPath: String, rawQuery: String, headers: [NameValue],
        hostBucket: String? = nil
    ) {
        self.hostBucket = hostBucket
        self.method = method
        self.rawPath = rawPath
        self.rawQuery = rawQuery
        self.headers = headers
    }

    /// Repeated fields count as one value, joined by commas, as they are signed.
    ///
    /// - Parameter name: in lower case.
    func header(_ name: String) -> String? {
        var value: String?
        for field in headers where isNamed(field, name) {
            value = value.map { "\($0),\(field.value)" } ?? field.value
        }
        return value
    }

    func isRepeated(_ name: String) -> Bool { headers.count { isNamed($0, name) } > 1 }

    private func isNamed(_ field: NameValue, _ name: String) -> Bool {
        field.name.utf8.count == name.utf8.count && field.name.asciiLowercased == name
    }

    /// Decoded and encoded again, each byte as the signer must have it.
    var canonicalPath: [UInt8] {
        PercentEncoding.encode(PercentEncoding.decode(rawPath.utf8), keepingSlash: true)
    }

    var queryPairs: [EncodedPair] {
        rawQuery.utf8.split(separator: UInt8(ascii: "&")).map { EncodedPair(wire: $0) }
    }
}

/// Who a request comes from, and what its signature says about the body.
package struct AuthenticatedIdentity: Sendable {
    package let accessKey: String
    package let payload: SignedPayload
}

/// What a signature promises about the body; the store must hold it to that.
package enum SignedPayload: Sendable {
    case unsigned
    /// The body's SHA-256 in lower-case hex.
    case digest(hex: String)
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`, with `-TRAILER` when a signed trailer follows.
    case signedChunks(ChunkSignatureVerifier, hasTrailer: Bool)
    /// `STREAMING-UNSIGNED-PAYLOAD-TRAILER`
    case unsignedChunksWithTrailer
}

/// How a request proves who sent it.
package enum Authentication: Sendable {
    case anonymous
    case identified(AuthenticatedIdentity)
}

/// Checks signatures the way S3 does: the same order, statuses, codes and texts.
package struct SignatureVerifier: Sendable {
    package typealias KeyLookup = (_ accessKey: String) -> Credentials?

    let region: String
    let service: String

    /// How far a clock may be ahead, or for header signatures off either way.
    static let skewLimitSeconds: Int64 = 900

    package init(region: String, service: String = "s3") {
        self.region = region
        self.service = service
    }

    /// By query, by header or not at all, whichever the request has.
    package func authenticate(
        _ request: SignedRequest, now: SigningTime, keys: KeyLookup
    ) throws(SignatureFailure) -> Authentication {
        let isPresigned =
            request.rawQuery.contains("X-Amz-")
            && request.queryPairs.contains {
                $0.name.starts(with: "X-Amz-".utf8) && Self.isAuthentication($0)
            }
        if let header = request.header("authorization") {
            guard !isPresigned, !hasVersionTwoSignature(request) else {
                throw Self.twoMechanisms(header)
            }
            // Two are none: who reads the other one would see another request.
            guard !request.isRepeated("authorization") else { return .anonymous }
            return .identified(try verifyHeader(request, now: now, keys: keys))
        }
        guard isPresigned else {
            let identity = try verifyVersionTwo(request, now: now, keys: keys)
            return identity.map(Authentication.identified) ?? .anonymous
        }
        return .identified(try verifyPresigned(request, now: now, keys: keys))
    }

    private static func isAuthentication(_ pair: EncodedPair) -> Bool {
        ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"].contains(
            String(decoding: pair.name, as: UTF8.self))
    }

    private func hasVersionTwoSignature(_ request: SignedRequest) -> Bool {
        request.rawQuery.contains("Signature=")
            && request.queryPairs.contains { $0.name.elementsEqual("Signature".utf8) }
    }

    static func twoMechanisms(_ header: String) -> SignatureFailure {
        .invalidArgument(
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
            ["ArgumentName": "Authorization", "ArgumentValue": header])
    }

    /// The key of an access key, its session token matched.
    func credentials(
        _ accessKey: String, token: String?, _ keys: KeyLookup
    ) throws(SignatureFailure) -> Credentials {
        guard let credentials = keys(accessKey) else { throw .invalidAccessKey(accessKey) }
        switch (credentials.sessionToken, token) {
        case (nil, nil): break
        case (nil, let token?): throw .invalidToken(token)
        // A temporary key without its token is none.
        case (_?, nil): throw .invalidAccessKey(accessKey)
        case (let expected?, let token?):
            guard constantTimeEqual(Array(expected.utf8), Array(token.utf8)) else {
                throw .invalidToken(token)
            }
        }
        return credentials
    }

    /// x-amz-* headers, and the host, must be signed; x-amz-content-sha256 is in the canonical request
    /// without.
    func checkHeadersSigned(
        _ request: SignedRequest, signedHeaders: String
    ) throws(SignatureFailure) {
        let signed = Set(signedHeaders.split(separator: ";").map(String.init))
        let unsigned = Set(request.headers.map { $0.name.lowercased() }).filter {
            ($0.hasPrefix("x-amz-") && $0 != "x-amz-content-sha256" || $0 == "host")
                && !signed.contains($0)
        }
        guard unsigned.isEmpty else {
            throw .accessDenied(
                "There were headers present in the request which were not signed",
                ["HeadersNotSigned": unsigned.sorted().joined(separator: ", ")])
        }
    }

    func checkSignature(
        _ provided: String, of canonical: CanonicalRequest, amzDate: String, key: SigningKey,
        accessKey: String
    ) throws(SignatureFailure) {
        let text = stringToSign(canonical.bytes, at: amzDate, scope: key.scope)
        let expected = key.signature(of: text)
        guard constantTimeEqual(Array(expected.utf8), Array(provided.utf8)) else {
            throw .signatureMismatch(
                accessKey: accessKey, stringToSign: text, provided: provided,
                canonicalRequest: canonical.bytes)
        }
    }
}

/// `<access key>/YYYYMMDD/region/service/aws4_request`, taken apart.
struct CredentialText {
    let accessKey: String
    let scope: CredentialScope
    let terminal: String

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        accessKey = parts[0]
        scope = CredentialScope(date: parts[1], region: parts[2], service: parts[3])
        terminal = parts[4]
    }

    static let expectation =
        "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\"."
}
