import Presign
import Scenarios
import Transfer

/// Signs forms in this process. The policy allows one key, one type and the file's own size.
final class LocalPostSigner: PostSigning {
    private let presigner: URLPresigner
    private let target: RequestTarget
    private let expiresSeconds: Int
    private let keys = LocalKeys()
    private var signingKey: (scope: CredentialScope, key: SigningKey)?

    init(_ presigner: URLPresigner, origin: Origin, expiresSeconds: Int) {
        self.presigner = presigner
        target = RequestTarget(origin: origin, pathAndQuery: presigner.endpoint.pathPrefix)
        self.expiresSeconds = expiresSeconds
    }

    func signedForm(for content: UploadContent, unixSeconds: Int64) throws -> SignedForm {
        let time = SigningTime(unixSeconds: unixSeconds)
        let scope = CredentialScope(
            date: time.scopeDate, region: presigner.region)
        var fields: [(name: String, value: String)] = [
            ("key", keys.next(content)), ("Content-Type", content.contentType),
            ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
            ("x-amz-credential", "\(presigner.credentials.accessKey)/\(scope)"),
            ("x-amz-date", time.amzDate),
        ]
        if let token = presigner.credentials.sessionToken {
            fields.append(("x-amz-security-token", token))
        }
        let policy = Base64.encode(Array(policy(fields, content, time).utf8))
        fields.append(("policy", policy))
        fields.append(("x-amz-signature", key(for: scope).signature(of: Array(policy.utf8))))
        return SignedForm(target: target, fields: fields)
    }

    private func policy(
        _ fields: [(name: String, value: String)], _ content: UploadContent, _ time: SigningTime
    ) -> String {
        let exact = ([("bucket", presigner.endpoint.bucket)] + fields).map {
            #"{"\#($0)": "\#(GatewayAPI.jsonEscaped($1))"}"#
        }
        let size = content.sizeBytes
        let conditions = exact + [#"["content-length-range", \#(size), \#(size)]"#]
        let expiration = time.adding(seconds: Int64(expiresSeconds)).iso8601
        return
            #"{"expiration": "\#(expiration)", "conditions": [\#(conditions.joined(separator: ", "))]}"#
    }

    /// The same for a day.
    private func key(for scope: CredentialScope) -> SigningKey {
        if let signingKey, signingKey.scope == scope { return signingKey.key }
        let key = SigningKey(presigner.credentials, scope: scope)
        signingKey = (scope, key)
        return key
    }
}
