/// An access key with its secret; temporary ones carry a session token.
package struct Credentials: Sendable, Equatable {
    package let accessKey: String
    package let secretKey: String
    package let sessionToken: String?

    package init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Names the key and keeps the secret: descriptions end up in logs.
    package var description: String { "Credentials(\(accessKey))" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["accessKey": accessKey]) }
}

/// `YYYYMMDD/region/service/aws4_request`: what a signing key is good for.
package struct CredentialScope: Sendable, Hashable, CustomStringConvertible {
    static let terminal = "aws4_request"

    package let date: String
    package let region: String
    package let service: String

    package init(date: String, region: String, service: String = "s3") {
        self.date = date
        self.region = region
        self.service = service
    }

    package var description: String { "\(date)/\(region)/\(service)/\(Self.terminal)" }
}

/// The key derived from a secret for one scope (AWS General Reference, "Create a signed AWS API
/// request", step 4).
package struct SigningKey: Sendable {
    let hmac: HMACKey
    package let scope: CredentialScope

    package init(secretKey: String, scope: CredentialScope) {
        self.init(bytes: Self.derive(secretKey: secretKey, scope: scope), scope: scope)
    }

    package init(_ credentials: Credentials, scope: CredentialScope) {
        self.init(secretKey: credentials.secretKey, scope: scope)
    }

    private init(bytes: [UInt8], scope: CredentialScope) {
        hmac = HMACKey(bytes)
        self.scope = scope
    }

    package static func derive(secretKey: String, scope: CredentialScope) -> [UInt8] {
        let parts = [scope.date, scope.region, scope.service, CredentialScope.terminal]
        return parts.reduce(Array("AWS4\(secretKey)".utf8)) { key, part in
            HMACKey(key).authenticate(Array(part.utf8)).bytes
        }
    }

    /// The signature of a string to sign.
    package func signature(of stringToSign: [UInt8]) -> String {
        hmac.authenticate(stringToSign).hex
    }
}
