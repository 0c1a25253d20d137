/// The parameters of a presigned query, each of which is there once.
private struct PresignedParameters {
    let credential: String
    let date: String
    let signedHeaders: String
    let signature: String
    let algorithm: String
    let expires: String
    let token: String?
    /// Everything but the signature, for the canonical query.
    let signedPairs: [EncodedPair]
    let payload: String

    init?(_ request: SignedRequest) {
        let pairs = request.queryPairs
        func value(_ name: StaticString) -> String? {
            let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
            return pairs.first { $0.name.elementsEqual(name) }.map {
                String(decoding: PercentEncoding.decode($0.value), as: UTF8.self)
            }
        }
        guard let algorithm = value("X-Amz-Algorithm"),
            let credential = value("X-Amz-Credential"),
            let signature = value("X-Amz-Signature"), let date = value("X-Amz-Date"),
            let signedHeaders = value("X-Amz-SignedHeaders"),
            let expires = value("X-Amz-Expires")
        else { return nil }
        self.algorithm = algorithm
        self.credential = credential
        self.signature = signature
        self.date = date
        self.signedHeaders = signedHeaders
        self.expires = expires
        token = value("X-Amz-Security-Token")
        // The header is the last line of the canonical request, and so need not be signed as a header:
        // a digest that the URL was not signed with makes another signature. Others have found S3 to do
        // so by trying it.
        payload =
            value("X-Amz-Content-Sha256") ?? request.header("x-amz-content-sha256")
            ?? unsignedPayload
        signedPairs = pairs.filter { !$0.name.elementsEqual("X-Amz-Signature".utf8) }
    }

    /// A parameter of the signature that is there more than once: a second `X-Amz-Signature` would be
    /// covered by neither.
    static func repeated(_ request: SignedRequest) -> String? {
        let names = request.queryPairs.map(\.name).filter { $0.starts(with: "X-Amz-".utf8) }
        var seen: Set<[UInt8]> = []
        return names.first { !seen.insert($0).inserted }.map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

extension SignatureVerifier {
    /// Checks a presigned request (S3 API Reference, "Authenticating Requests: Using Query
    /// Parameters"): parameters, scope, time, key, unsigned headers, signature, in that order.
    package func verifyPresigned(
        _ request: SignedRequest, now: SigningTime, keys: KeyLookup
    ) throws(SignatureFailure) -> AuthenticatedIdentity {
        if let header = request.header("authorization") { throw Self.twoMechanisms(header) }
        guard let parameters = PresignedParameters(request) else {
            throw .queryParameters(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
            )
        }
        if let name = PresignedParameters.repeated(request) {
            // S3's own answer is unconfirmed: this is its code for queries that it cannot take.
            throw .queryParameters("The query parameter \(name) is given more than once")
        }
        guard parameters.algorithm == signingAlgorithm else {
            throw .queryParameters(
                "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"")
        }
        let expiresSeconds = try Self.expires(parameters.expires)
        let credential = try checkScope(parameters.credential)
        guard let date = SigningTime(amzDate: parameters.date) else {
            throw .queryParameters(
                "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        }
        guard credential.scope.date == date.scopeDate else {
            throw .queryParameters(
                "Invalid credential date \"\(credential.scope.date)\". This date is not the same as X-Amz-Date: \"\(date.scopeDate)\"."
            )
        }
        try Self.checkTime(date, expiresSeconds: expiresSeconds, now: now)
        let known = try credentials(credential.accessKey, token: parameters.token, keys)
        try checkHeadersSigned(request, signedHeaders: parameters.signedHeaders)
        let canonical = CanonicalRequest(
            method: request.method, path: request.canonicalPath, query: parameters.signedPairs,
            headers: CanonicalHeaders(named: parameters.signedHeaders, in: request.headers),
            payload: parameters.payload)
        try checkSignature(
            parameters.signature, of: canonical, amzDate: parameters.date,
            key: SigningKey(known, scope: credential.scope), accessKey: credential.accessKey)
        let isDigest = parameters.payload != unsignedPayload
        return AuthenticatedIdentity(
            accessKey: credential.accessKey,
            payload: isDigest ? .digest(hex: parameters.payload) : .unsigned)
    }

    private static func expires(_ text: String) throws(SignatureFailure) -> Int64 {
        guard text.first != "+", let seconds = Int64(text) else {
            throw .queryParameters("X-Amz-Expires should be a number")
        }
        guard seconds >= 0 else {
            throw .queryParameters("X-Amz-Expires must be non-negative")
        }
        guard seconds <= 604_800 else {
            throw .queryParameters(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"
            )
        }
        return seconds
    }

    private func checkScope(_ text: String) throws(SignatureFailure) -> CredentialText {
        let prefix = "Error parsing the X-Amz-Credential parameter; "
        guard let credential = CredentialText(text) else {
            throw .queryParameters(prefix + CredentialText.expectation)
        }
        guard credential.terminal == CredentialScope.terminal else {
            throw .queryParameters(
                "\(prefix)incorrect terminal \"\(credential.terminal)\". This endpoint uses \"\(CredentialScope.terminal)\"."
            )
        }
        guard credential.scope.service == service else {
            throw .queryParameters(
                "\(prefix)incorrect service \"\(credential.scope.service)\". This endpoint belongs to \"\(service)\"."
            )
        }
        guard credential.scope.region == region else {
            throw .queryParameters(
                "\(prefix)the region '\(credential.scope.region)' is wrong; expecting '\(region)'",
                ["Region": region])
        }
        return credential
    }

    private static func checkTime(
        _ date: SigningTime, expiresSeconds: Int64, now: SigningTime
    ) throws(SignatureFailure) {
        let end = date.adding(seconds: expiresSeconds)
        if date > now.adding(seconds: skewLimitSeconds) {
            throw .accessDenied(
                "Request is not yet valid",
                [
                    "X-Amz-Date": "\(date.unixSeconds * 1000)", "Expires": end.iso8601,
                    "ServerTime": now.iso8601,
                ])
        }
        guard now < end else {
            throw .accessDenied(
                "Request has expired",
                [
                    "X-Amz-Expires": String(expiresSeconds), "Expires": end.iso8601,
                    "ServerTime": now.iso8601,
                ])
        }
    }
}
