import Foundation
import Presign

/// Credentials with where they come from and how long they last.
struct FoundCredentials: Sendable {
    let credentials: Credentials
    /// In seconds of Unix time; nil for those that last.
    var expiresAt: Double?
    /// For people: `the environment (AWS_ACCESS_KEY_ID)`.
    let source: String

    init(_ credentials: Credentials, expiresAt: Double? = nil, source: String) {
        self.credentials = credentials
        self.expiresAt = expiresAt
        self.source = source
    }

    /// Static keys of a profile; nil unless both are there.
    init?(_ section: AWSConfigFile.Section?, source: String) throws(CredentialError) {
        guard let key = section?.values["aws_access_key_id"] else { return nil }
        guard let secret = section?.values["aws_secret_access_key"] else {
            throw CredentialError("\(source) has aws_access_key_id and no aws_secret_access_key")
        }
        let token = section?.values["aws_session_token"] ?? section?.values["aws_security_token"]
        self.init(
            Credentials(accessKey: key, secretKey: secret, sessionToken: token), source: source)
    }

    /// What credential processes, containers and instances answer; nil for what cannot be used.
    ///
    /// - Parameter token: the name of the session token's member.
    init?(json text: String, token: String, source: String) {
        guard let json = try? JSONParser.parse(Array(text.utf8)),
            let key = json["AccessKeyId"]?.string, let secret = json["SecretAccessKey"]?.string
        else { return nil }
        let sessionToken = json[token]?.string
        let expiration = json["Expiration"]?.string
        let expiresAt = expiration.flatMap(AWSTime.seconds)
        let credentials = Credentials(accessKey: key, secretKey: secret, sessionToken: sessionToken)
        guard credentials.isPlain, expiration == nil || expiresAt != nil else { return nil }
        self.init(credentials, expiresAt: expiresAt, source: source)
    }
}

extension Credentials {
    /// Could header fields hold the keys and the token?
    var isPlain: Bool {
        [accessKey, secretKey, sessionToken ?? "-"].allSatisfy(HeaderText.isPlain)
    }
}

/// What becomes part of a header's line.
enum HeaderText {
    static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
}

/// Times as AWS's services write them.
enum AWSTime {
    private static let endOfYear9999 = 253_402_300_800.0

    /// Seconds of Unix time; with or without a fraction, `Z`, `UTC` or an offset.
    static func seconds(_ text: String) -> Double? {
        let text = text.replacingOccurrences(of: "UTC", with: "Z")
        return BarrierClient.seconds(text).flatMap { (0..<endOfYear9999).contains($0) ? $0 : nil }
    }
}
