/// A presigned request with the steps that led to it.
package struct PresignedRequest: Sendable, Equatable {
    package let url: String
    /// Path and query, as the request line has them.
    package let target: String
    package let signature: String
    package let signedHeaders: String
    package let canonicalRequest: String
    package let stringToSign: String
}

/// Presigned URLs for any method, headers and query (S3 API Reference, "Authenticating Requests:
/// Using Query Parameters"). `PresignedURLSigner` is the fast one for many keys.
package struct URLPresigner: Sendable {
    package let credentials: Credentials
    package let endpoint: Endpoint
    package let region: String
    let service: String

    /// - Parameter region: the bucket's; the endpoint's unless given.
    package init(
        credentials: Credentials, endpoint: Endpoint, region: String? = nil,
        service: String = "s3"
    ) {
        self.credentials = credentials
        self.endpoint = endpoint
        self.region = region ?? endpoint.region
        self.service = service
    }

    /// The same, with other credentials.
    package func with(_ credentials: Credentials) -> URLPresigner {
        URLPresigner(
            credentials: credentials, endpoint: endpoint, region: region, service: service)
    }

    /// - Parameters:
    ///   - headers: what the caller must send; `host` is signed always.
    ///   - query: operation parameters, decoded.
    package func presign(
        method: String = "PUT", key: [UInt8], headers: [NameValue] = [], query: [NameValue] = [],
        expiresSeconds: Int, at time: SigningTime
    ) throws(SigningError) -> PresignedRequest {
        try SigningError.check(keyBytes: key.count)
        try SigningError.check(method: method)
        try SigningError.check(headers: headers)
        try SigningError.check(query: query)
        try SigningError.check(expiresSeconds: expiresSeconds)
        let path =
            Array("\(endpoint.pathPrefix)/".utf8) + PercentEncoding.encode(key, keepingSlash: true)
        return sign(
            method: method, path: path, headers: headers, query: query,
            expiresSeconds: expiresSeconds, at: time)
    }

    package func presign(
        method: String = "PUT", key: String, headers: [NameValue] = [], query: [NameValue] = [],
        expiresSeconds: Int, at time: SigningTime
    ) throws(SigningError) -> PresignedRequest {
        try presign(
            method: method, key: Array(key.utf8), headers: headers, query: query,
            expiresSeconds: expiresSeconds, at: time)
    }

    /// - Parameter path: encoded as it goes out; signed as it stands.
    func sign(
        method: String, path: [UInt8], headers: [NameValue], query: [NameValue],
        expiresSeconds: Int, at time: SigningTime, payload: String = unsignedPayload
    ) -> PresignedRequest {
        let canonicalHeaders = CanonicalHeaders(headers + [("host", endpoint.host)])
        let amzDate = time.amzDate
        let scope = CredentialScope(date: time.scopeDate, region: region, service: service)
        let authentication = Self.parameters(
            credentials, scope: scope, amzDate: amzDate, expiresSeconds: expiresSeconds,
            signedHeaders: canonicalHeaders.names)
        let pairs = query.map { EncodedPair($0.name, $0.value) } + authentication
        let canonical = CanonicalRequest(
            method: method, path: path, query: pairs, headers: canonicalHeaders, payload: payload)
        let text = Presign.stringToSign(canonical.bytes, at: amzDate, scope: scope)
        let signature = SigningKey(credentials, scope: scope).signature(of: text)
        let queryText = CanonicalRequest.join(pairs) + Array("&X-Amz-Signature=\(signature)".utf8)
        let target = String(decoding: path + [UInt8(ascii: "?")] + queryText, as: UTF8.self)
        return PresignedRequest(
            url: "\(endpoint.scheme)://\(endpoint.host)\(target)", target: target,
            signature: signature, signedHeaders: canonicalHeaders.names,
            canonicalRequest: String(decoding: canonical.bytes, as: UTF8.self),
            stringToSign: String(decoding: text, as: UTF8.self))
    }

    /// The signature's own parameters in botocore's order.
    static func parameters(
        _ credentials: Credentials, scope: CredentialScope, amzDate: String, expiresSeconds: Int,
        signedHeaders: String
    ) -> [EncodedPair] {
        let pairs = [
            EncodedPair("X-Amz-Algorithm", signingAlgorithm),
            EncodedPair("X-Amz-Credential", "\(credentials.accessKey)/\(scope)"),
            EncodedPair("X-Amz-Date", amzDate),
            EncodedPair("X-Amz-Expires", String(expiresSeconds)),
            EncodedPair("X-Amz-SignedHeaders", signedHeaders),
        ]
        guard let token = credentials.sessionToken else { return pairs }
        return pairs + [EncodedPair("X-Amz-Security-Token", token)]
    }
}
