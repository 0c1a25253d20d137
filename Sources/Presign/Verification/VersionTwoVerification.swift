import COpenSSL

/// Signature Version 2 (S3 User Guide, "Signing and authenticating REST requests"), for presigned
/// queries and forms only. botocore and the AWS CLI still presign with it in us-east-1 unless told
/// otherwise, and S3 still takes it in the regions that opened before 2014.
enum VersionTwo {
    static let regions: Set<String> = [
        "us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-southeast-2",
        "ap-northeast-1", "sa-east-1",
    ]

    static let refusal = SignatureFailure(
        status: 400, code: "InvalidRequest",
        message:
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
    )

    /// Query parameters that are part of the resource.
    private static let subresources: Set<String> = [
        "accelerate", "acl", "analytics", "cors", "defaultObjectAcl", "delete", "inventory",
        "lifecycle", "location", "logging", "metrics", "notification", "partNumber", "policy",
        "replication", "requestPayment", "response-cache-control", "response-content-disposition",
        "response-content-encoding", "response-content-language", "response-content-type",
        "response-expires", "restore", "select", "select-type", "tagging", "torrent", "uploadId",
        "uploads", "versionId", "versioning", "versions", "website",
    ]

    /// HMAC-SHA1 in Base64.
    static func signature(of text: [UInt8], _ credentials: Credentials) -> String {
        let key = Array(credentials.secretKey.utf8)
        var digest = [UInt8](repeating: 0, count: 20)
        var count: UInt32 = 20
        HMAC(EVP_sha1(), key, Int32(key.count), text, text.count, &digest, &count)
        return Base64.encode(digest)
    }

    static func stringToSign(
        _ request: SignedRequest, _ query: [NameValue], expires: String
    ) -> [UInt8] {
        // Signers put some of the headers they sign into the query.
        func value(_ name: String) -> String {
            request.header(name) ?? query.first { $0.name.asciiLowercased == name }?.value ?? ""
        }
        var amz: [String: [String]] = [:]
        for (name, value) in request.headers + query {
            let name = name.asciiLowercased
            guard name.hasPrefix("x-amz-") else { continue }
            amz[name, default: []].append(CanonicalHeaders.collapsed(value))
        }
        let headers = amz.sorted { $0.key < $1.key }.map {
            "\($0.key):\($0.value.joined(separator: ","))\n"
        }
        let resources = query.filter { subresources.contains($0.name) }
            .sorted { $0.name < $1.name }.map {
                $0.value.isEmpty ? $0.name : "\($0.name)=\($0.value)"
            }
        let bucket = request.hostBucket.map { "/\($0)" } ?? ""
        let resource =
            bucket + request.rawPath
            + (resources.isEmpty ? "" : "?" + resources.joined(separator: "&"))
        let lines = [request.method, value("content-md5"), value("content-type"), expires]
        return Array((lines.joined(separator: "\n") + "\n" + headers.joined() + resource).utf8)
    }
}

extension SignatureVerifier {
    /// nil when the query is not one of Version 2.
    func verifyVersionTwo(
        _ request: SignedRequest, now: SigningTime, keys: KeyLookup
    ) throws(SignatureFailure) -> AuthenticatedIdentity? {
        guard request.rawQuery.contains("Signature=") else { return nil }
        let query: [NameValue] = request.queryPairs.map { pair in
            let texts = [pair.name, pair.value].map {
                String(decoding: PercentEncoding.decode($0), as: UTF8.self)
            }
            return (texts[0], texts[1])
        }
        func value(_ name: String) -> String? { query.first { $0.name == name }?.value }
        guard let provided = value("Signature") else { return nil }
        guard VersionTwo.regions.contains(region) else { throw VersionTwo.refusal }
        guard let accessKey = value("AWSAccessKeyId"), let expires = value("Expires"),
            let seconds = Int64(expires)
        else {
            throw .accessDenied(
                "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters"
            )
        }
        let end = SigningTime(unixSeconds: seconds)
        guard now <= end else {
            throw .accessDenied(
                "Request has expired", ["Expires": end.iso8601, "ServerTime": now.iso8601])
        }
        let token = query.first { $0.name.asciiLowercased == "x-amz-security-token" }?.value
        let known = try credentials(
            accessKey, token: token ?? request.header("x-amz-security-token"), keys)
        try checkVersionTwo(
            provided, of: VersionTwo.stringToSign(request, query, expires: expires), known)
        return AuthenticatedIdentity(accessKey: accessKey, payload: .unsigned)
    }

    func checkVersionTwo(
        _ provided: String, of text: [UInt8], _ known: Credentials
    ) throws(SignatureFailure) {
        let expected = VersionTwo.signature(of: text, known)
        guard constantTimeEqual(Array(expected.utf8), Array(provided.utf8)) else {
            throw .signatureMismatch(
                accessKey: known.accessKey, stringToSign: text, provided: provided,
                canonicalRequest: nil)
        }
    }
}
