/// Signs requests by their `Authorization` header (S3 API Reference, "Authenticating Requests:
/// Using the Authorization Header").
package struct HeaderSigner: Sendable {
    /// What stands for the body in the signature.
    package enum Payload: Sendable, Equatable {
        case unsigned
        /// The SHA-256 of the body.
        case digest(SHA256Digest)
        /// A chunked upload, as `x-amz-content-sha256` names it.
        case streaming(String)

        package static let empty = Payload.digest(SHA256.digest([]))

        var text: String {
            switch self {
            case .unsigned: unsignedPayload
            case .digest(let digest): digest.hex
            case .streaming(let name): name
            }
        }
    }

    package struct Signed: Sendable {
        /// To be added to the request.
        package let headers: [NameValue]
        package let signature: String
        package let canonicalRequest: String
        package let stringToSign: String
    }

    let credentials: Credentials
    let region: String
    let service: String

    package init(credentials: Credentials, region: String, service: String = "s3") {
        self.credentials = credentials
        self.region = region
        self.service = service
    }

    /// - Parameters:
    ///   - path: percent-encoded as sent.
    ///   - query: decoded parameters.
    ///   - headers: all are signed; `host` must be among them.
    package func sign(
        method: String, path: String, query: [NameValue] = [], headers: [NameValue],
        payload: Payload, at time: SigningTime
    ) -> Signed {
        var added: [NameValue] = [
            ("x-amz-content-sha256", payload.text), ("x-amz-date", time.amzDate),
        ]
        if let token = credentials.sessionToken { added.append(("x-amz-security-token", token)) }
        let sent = Set(headers.map { $0.name.lowercased() })
        added.removeAll { sent.contains($0.name) }
        let result = sign(
            method: method, path: path, query: query, signedHeaders: headers + added,
            payload: payload.text, at: time)
        return Signed(
            headers: added + result.headers, signature: result.signature,
            canonicalRequest: result.canonicalRequest, stringToSign: result.stringToSign)
    }

    /// Signs exactly these headers and adds `Authorization` alone.
    func sign(
        method: String, path: String, query: [NameValue], signedHeaders: [NameValue],
        payload: String, at time: SigningTime
    ) -> Signed {
        let scope = CredentialScope(date: time.scopeDate, region: region, service: service)
        let canonicalHeaders = CanonicalHeaders(signedHeaders)
        let canonical = CanonicalRequest(
            method: method, path: Array(path.utf8),
            query: query.map { EncodedPair($0.name, $0.value) }, headers: canonicalHeaders,
            payload: payload)
        let text = Presign.stringToSign(canonical.bytes, at: time.amzDate, scope: scope)
        let signature = SigningKey(credentials, scope: scope).signature(of: text)
        let value =
            "\(signingAlgorithm) Credential=\(credentials.accessKey)/\(scope),"
            + "SignedHeaders=\(canonicalHeaders.names),Signature=\(signature)"
        return Signed(
            headers: [("Authorization", value)], signature: signature,
            canonicalRequest: String(decoding: canonical.bytes, as: UTF8.self),
            stringToSign: String(decoding: text, as: UTF8.self))
    }
}
