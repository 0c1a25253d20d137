/// `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`, taken apart.
private struct AuthorizationHeader {
    let credential: String
    let signedHeaders: String
    let signature: String

    init?(_ text: String) {
        guard text.hasPrefix(signingAlgorithm + " ") else { return nil }
        var parts: [String: String] = [:]
        for part in text.dropFirst(signingAlgorithm.count).split(separator: ",") {
            let halves = part.drop(while: { $0 == " " }).split(separator: "=", maxSplits: 1)
            guard halves.count == 2, parts[String(halves[0])] == nil else { return nil }
            parts[String(halves[0])] = CanonicalHeaders.collapsed(String(halves[1]))
        }
        guard let credential = parts["Credential"], let names = parts["SignedHeaders"],
            let signature = parts["Signature"]
        else { return nil }
        self.credential = credential
        signedHeaders = names
        self.signature = signature
    }
}

extension SignatureVerifier {
    /// Checks an `Authorization` header, the seed of a chunked upload among them.
    package func verifyHeader(
        _ request: SignedRequest, now: SigningTime, keys: KeyLookup
    ) throws(SignatureFailure) -> AuthenticatedIdentity {
        let text = request.header("authorization") ?? ""
        guard text.hasPrefix("AWS4-") else {
            throw SignatureFailure(
                status: 400, code: "InvalidRequest",
                message:
                    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
            )
        }
        guard let header = AuthorizationHeader(text) else {
            throw Self.malformed(
                "the header needs Credential, SignedHeaders and Signature, each once.")
        }
        let credential = try checkHeaderScope(header.credential)
        let date = try Self.date(of: request)
        guard credential.scope.date == date.scopeDate else {
            throw Self.malformed(
                "Invalid credential date \"\(credential.scope.date)\". This date is not the same as X-Amz-Date: \"\(date.scopeDate)\"."
            )
        }
        try Self.checkSkew(date, now: now)
        let known = try credentials(
            credential.accessKey, token: request.header("x-amz-security-token"), keys)
        let payload = try Self.payload(of: request)
        try checkHeadersSigned(request, signedHeaders: header.signedHeaders)
        let canonical = CanonicalRequest(
            method: request.method, path: request.canonicalPath, query: request.queryPairs,
            headers: CanonicalHeaders(named: header.signedHeaders, in: request.headers),
            payload: payload)
        let key = SigningKey(known, scope: credential.scope)
        try checkSignature(
            header.signature, of: canonical, amzDate: date.amzDate, key: key,
            accessKey: credential.accessKey)
        let chunks = ChunkSignatureVerifier(
            key: key, accessKey: credential.accessKey, amzDate: date.amzDate,
            seed: header.signature)
        return AuthenticatedIdentity(
            accessKey: credential.accessKey, payload: Self.signedPayload(payload, chunks))
    }

    private static func malformed(
        _ detail: String, _ elements: KeyValuePairs<String, String> = [:]
    ) -> SignatureFailure {
        SignatureFailure(
            status: 400, code: "AuthorizationHeaderMalformed",
            message: "The authorization header is malformed; \(detail)", elements)
    }

    private func checkHeaderScope(_ text: String) throws(SignatureFailure) -> CredentialText {
        guard let credential = CredentialText(text) else {
            throw Self.malformed(CredentialText.expectation)
        }
        guard credential.terminal == CredentialScope.terminal else {
            throw Self.malformed(
                "incorrect terminal \"\(credential.terminal)\". This endpoint uses \"\(CredentialScope.terminal)\"."
            )
        }
        guard credential.scope.service == service else {
            throw Self.malformed(
                "incorrect service \"\(credential.scope.service)\". This endpoint belongs to \"\(service)\"."
            )
        }
        guard credential.scope.region == region else {
            throw Self.malformed(
                "the region '\(credential.scope.region)' is wrong; expecting '\(region)'",
                ["Region": region])
        }
        return credential
    }

    private static func date(of request: SignedRequest) throws(SignatureFailure) -> SigningTime {
        let text = request.header("x-amz-date") ?? request.header("date") ?? ""
        guard let date = SigningTime(amzDate: text) else {
            throw .accessDenied("AWS authentication requires a valid Date or x-amz-date header")
        }
        return date
    }

    private static func checkSkew(
        _ date: SigningTime, now: SigningTime
    ) throws(SignatureFailure) {
        guard abs(date.unixSeconds - now.unixSeconds) <= skewLimitSeconds else {
            throw SignatureFailure(
                status: 403, code: "RequestTimeTooSkewed",
                message:
                    "The difference between the request time and the current time is too large.",
                [
                    "RequestTime": date.amzDate, "ServerTime": now.iso8601,
                    "MaxAllowedSkewMilliseconds": String(skewLimitSeconds * 1000),
                ])
        }
    }

    private static func payload(of request: SignedRequest) throws(SignatureFailure) -> String {
        guard let text = request.header("x-amz-content-sha256") else {
            throw SignatureFailure(
                status: 400, code: "InvalidRequest",
                message: "Missing required header for this request: x-amz-content-sha256")
        }
        let names = [
            unsignedPayload, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        ]
        guard names.contains(text) || Hex.decode(text)?.count == 32 else {
            throw .invalidArgument(
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
                ["ArgumentName": "x-amz-content-sha256", "ArgumentValue": text])
        }
        return text
    }

    private static func signedPayload(
        _ text: String, _ chunks: ChunkSignatureVerifier
    ) -> SignedPayload {
        switch text {
        case unsignedPayload: .unsigned
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": .signedChunks(chunks, hasTrailer: false)
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": .signedChunks(chunks, hasTrailer: true)
        case "STREAMING-UNSIGNED-PAYLOAD-TRAILER": .unsignedChunksWithTrailer
        default: .digest(hex: text.lowercased())
        }
    }
}
