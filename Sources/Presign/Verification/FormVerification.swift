/// A form whose signature and policy were checked.
package struct FormAuthorization: Sendable {
    package let accessKey: String
    package let policy: PostPolicy
}

extension SignatureVerifier {
    /// Checks a POST form: required fields, signature, policy document, expiration and conditions,
    /// in that order. The size is for the caller, with `policy.check(sizeBytes:)`.
    ///
    /// - Parameters:
    ///   - fields: all that precede the file, `${filename}` already replaced.
    ///   - hasFile: exactly one file part follows.
    /// - Returns: nil for an anonymous form.
    package func verifyForm(
        fields: [NameValue], hasFile: Bool, bucket: String, now: SigningTime, keys: KeyLookup
    ) throws(SignatureFailure) -> FormAuthorization? {
        // Repeated fields count as one value here too: a second policy is not passed over.
        func value(_ name: String) -> String? {
            let values = fields.filter { $0.name.asciiLowercased == name }.map(\.value)
            return values.isEmpty ? nil : values.joined(separator: ",")
        }
        guard value("key") != nil else { throw .missingFormField("key") }
        guard hasFile else {
            throw .invalidArgument(
                "POST requires exactly one file upload per request.",
                ["ArgumentName": "file", "ArgumentValue": "0"])
        }
        if let accessKey = value("awsaccesskeyid"), let policyText = value("policy"),
            let signature = value("signature")
        {
            guard VersionTwo.regions.contains(region) else { throw VersionTwo.refusal }
            let known = try credentials(accessKey, token: value("x-amz-security-token"), keys)
            try checkVersionTwo(signature, of: Array(policyText.utf8), known)
            return try authorization(accessKey, policyText, fields, bucket, now)
        }
        let names = ["x-amz-algorithm", "x-amz-credential", "x-amz-signature", "x-amz-date"]
        guard let policyText = value("policy"), names.contains(where: { value($0) != nil }) else {
            return nil
        }
        guard let algorithm = value("x-amz-algorithm") else {
            throw .missingFormField("X-Amz-Algorithm")
        }
        guard let credentialText = value("x-amz-credential") else {
            throw .missingFormField("X-Amz-Credential")
        }
        guard value("x-amz-date") != nil else { throw .missingFormField("X-Amz-Date") }
        guard let signature = value("x-amz-signature") else {
            throw .missingFormField("X-Amz-Signature")
        }
        guard algorithm == signingAlgorithm else {
            throw .invalidArgument(
                "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256\"",
                ["ArgumentName": "X-Amz-Algorithm", "ArgumentValue": algorithm])
        }
        let credential = try checkFormScope(credentialText)
        let known = try credentials(
            credential.accessKey, token: value("x-amz-security-token"), keys)
        try checkFormSignature(signature, of: policyText, known, credential)
        return try authorization(credential.accessKey, policyText, fields, bucket, now)
    }

    private func authorization(
        _ accessKey: String, _ policyText: String, _ fields: [NameValue], _ bucket: String,
        _ now: SigningTime
    ) throws(SignatureFailure) -> FormAuthorization {
        let policy = try Self.policy(policyText)
        try policy.check(fields: fields, bucket: bucket, now: now)
        return FormAuthorization(accessKey: accessKey, policy: policy)
    }

    private func checkFormScope(_ text: String) throws(SignatureFailure) -> CredentialText {
        guard let credential = CredentialText(text),
            credential.terminal == CredentialScope.terminal, credential.scope.service == service
        else {
            throw .invalidArgument(
                "Error parsing the X-Amz-Credential parameter; \(CredentialText.expectation)",
                ["ArgumentName": "X-Amz-Credential", "ArgumentValue": text])
        }
        guard credential.scope.region == region else {
            throw .invalidArgument(
                "the region '\(credential.scope.region)' is wrong; expecting '\(region)'",
                [
                    "ArgumentName": "X-Amz-Credential", "ArgumentValue": text, "Region": region,
                ])
        }
        return credential
    }

    private func checkFormSignature(
        _ provided: String, of policyText: String, _ known: Credentials,
        _ credential: CredentialText
    ) throws(SignatureFailure) {
        let text = Array(policyText.utf8)
        let expected = SigningKey(known, scope: credential.scope).signature(of: text)
        guard constantTimeEqual(Array(expected.utf8), Array(provided.utf8)) else {
            throw .signatureMismatch(
                accessKey: credential.accessKey, stringToSign: text, provided: provided,
                canonicalRequest: nil)
        }
    }

    private static func policy(_ text: String) throws(SignatureFailure) -> PostPolicy {
        do throws(PolicyDocumentError) {
            guard let json = Base64.decode(text) else { throw .invalidJSON }
            return try PostPolicy(json: json)
        } catch {
            throw SignatureFailure(
                status: 400, code: "InvalidPolicyDocument", message: error.message)
        }
    }
}
