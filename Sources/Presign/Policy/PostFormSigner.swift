/// A signed form: where to POST it and the fields that must precede the file.
package struct PresignedForm: Sendable {
    package let key: String
    package let policy: String
    let digest: SHA256Digest
    fileprivate let frame: FormFrame

    package var url: String { frame.url }
    var authentication: [NameValue] { frame.authentication }
    package var signature: String { digest.hex }

    /// All fields in botocore's order.
    package var fields: [NameValue] {
        var fields = frame.callerFields
        fields.append(("key", key))
        fields += authentication
        fields.append(("policy", policy))
        fields.append(("x-amz-signature", signature))
        return fields
    }
}

/// What all forms of one second have in common; each form then counts one reference, not three.
private final class FormFrame: Sendable {
    let url: String
    let callerFields: [NameValue]
    let authentication: [NameValue]

    init(url: String, callerFields: [NameValue], authentication: [NameValue]) {
        self.url = url
        self.callerFields = callerFields
        self.authentication = authentication
    }
}

/// Presigned POST forms for many keys, all else fixed. What precedes the key in the policy is
/// rendered, encoded and hashed once a second, and what follows it is encoded once.
///
/// One per thread.
package struct PostFormSigner: ~Copyable {
    private let credentials: Credentials
    private let endpoint: Endpoint
    private let fields: [NameValue]
    private let conditions: [PolicyCondition]
    private let expiresSeconds: Int
    private let url: String

    private var second: Int64 = -1
    private var scope = CredentialScope(date: "", region: "")
    private var frame = FormFrame(url: "", callerFields: [], authentication: [])
    private var hmac = SigningMidstate()
    private var template = PolicyTemplate()

    /// - Parameters:
    ///   - fields: form fields beside the key and the signature's own.
    ///   - conditions: precede the conditions on bucket, key and signature; a field that none of
    ///     them covers makes S3 refuse the form.
    package init(
        credentials: Credentials, endpoint: Endpoint, fields: [NameValue] = [],
        conditions: [PolicyCondition] = [], expiresSeconds: Int
    ) throws(SigningError) {
        try SigningError.check(expiresSeconds: expiresSeconds)
        self.credentials = credentials
        self.endpoint = endpoint
        self.fields = fields
        self.conditions = conditions
        self.expiresSeconds = expiresSeconds
        url = endpoint.formURL
    }

    /// The conditions that allow exactly these fields.
    package static func exactly(_ fields: [NameValue]) -> [PolicyCondition] {
        fields.map { .exact(field: $0.name, value: $0.value) }
    }

    /// A form for one key; one that ends in `${filename}` allows any file name.
    package mutating func sign(
        key: String, at time: SigningTime
    ) throws(SigningError) -> PresignedForm {
        try SigningError.check(keyBytes: key.utf8.count)
        if time.unixSeconds != second { render(time) }
        // The last byte alone rules out nearly every key, at no cost.
        let isOpen = key.utf8.last == UInt8(ascii: "}") && key.hasSuffix(FilenameVariable.text)
        let (policy, signature) = isOpen ? signOpen(key, time) : signPlain(key)
        return PresignedForm(key: key, policy: policy, digest: signature, frame: frame)
    }

    // MARK: Stages alone, for measuring what each takes

    /// Writes, encodes and pads the policy of a plain key, which the other stages go on from.
    package mutating func canonicalize(
        key: UnsafeRawBufferPointer, at time: SigningTime
    ) -> SigningStage {
        if time.unixSeconds != second { render(time) }
        return template.fill(key)
    }

    /// Policy to signature: every compression that a form takes.
    package mutating func hash(_ stage: SigningStage) -> SHA256Digest {
        hmac.finish(template.hash(stage))
    }

    /// The policy's and the signature's texts.
    package func encode(_ stage: SigningStage, _ signature: SHA256Digest) -> (String, String) {
        (template.text(stage.encodedBytes), signature.hex)
    }

    private mutating func signPlain(_ key: String) -> (String, SHA256Digest) {
        var key = key
        let (policyBytes, inner) = key.withUTF8 { bytes -> (Int, SHA256Digest) in
            let raw = UnsafeRawBufferPointer(bytes)
            if JSONString.plainPrefix(raw) == raw.count { return template.encode(raw) }
            var escaped: [UInt8] = []
            JSONString.appendContents(
                String(decoding: bytes, as: UTF8.self), to: &escaped, asciiOnly: true)
            return escaped.withUnsafeBytes { template.encode($0) }
        }
        return (template.text(policyBytes), hmac.finish(inner))
    }

    private mutating func signOpen(_ key: String, _ time: SigningTime) -> (String, SHA256Digest) {
        let prefix = String(key.dropLast(FilenameVariable.text.count))
        let json = policy(at: time, keyCondition: .startsWith(field: "key", prefix)).json
        let text = Base64.encode(json)
        return (text, SigningKey(credentials, scope: scope).hmac.authenticate(Array(text.utf8)))
    }

    private func policy(at time: SigningTime, keyCondition: PolicyCondition) -> PostPolicy {
        PostPolicy(
            expiration: time.adding(seconds: Int64(expiresSeconds)),
            conditions: conditions + [
                .exact(field: "bucket", value: endpoint.bucket), keyCondition,
            ] + Self.exactly(frame.authentication))
    }

    private mutating func render(_ time: SigningTime) {
        let newScope = CredentialScope(date: time.scopeDate, region: endpoint.region)
        if newScope != scope {
            scope = newScope
            hmac.setKey(SigningKey(credentials, scope: scope))
        }
        var authentication = [
            ("x-amz-algorithm", signingAlgorithm),
            ("x-amz-credential", "\(credentials.accessKey)/\(scope)"),
            ("x-amz-date", time.amzDate),
        ]
        if let token = credentials.sessionToken {
            authentication.append(("x-amz-security-token", token))
        }
        frame = FormFrame(url: url, callerFields: fields, authentication: authentication)
        var head = PostPolicy.opening(time.adding(seconds: Int64(expiresSeconds)))
        for condition in conditions + [.exact(field: "bucket", value: endpoint.bucket)] {
            condition.appendJSON(to: &head)
            head += Array(", ".utf8)
        }
        head += Array("{\"key\": \"".utf8)
        var rest = Array("\"}".utf8)
        for condition in Self.exactly(authentication) {
            rest += Array(", ".utf8)
            condition.appendJSON(to: &rest)
        }
        rest += Array("]}".utf8)
        template.set(head: head, rest: rest, hashing: hmac.innerStart)
        second = time.unixSeconds
    }
}
