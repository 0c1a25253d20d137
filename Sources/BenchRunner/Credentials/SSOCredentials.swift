import Foundation
import NetIO
import Presign
import Scenarios
import Transfer

/// IAM Identity Center: the token that `aws sso login` left in its cache, exchanged for credentials of
/// an account's role.
struct SSOCredentials {
    private let chain: CredentialChain

    init(_ chain: CredentialChain) { self.chain = chain }

    func find(_ name: String) throws(CredentialError) -> FoundCredentials? {
        let profile = chain.profiles.profile(name)?.values ?? [:]
        guard profile["sso_session"] != nil || profile["sso_start_url"] != nil,
            profile["sso_account_id"] != nil || profile["sso_role_name"] != nil
        else { return nil }
        let session = try session(profile, name)
        guard let account = profile["sso_account_id"], let role = profile["sso_role_name"] else {
            throw CredentialError("profile '\(name)' needs sso_account_id and sso_role_name")
        }
        let token = try cachedToken(session.cacheName, name)
        let description = "SSO role \(role) in \(account) of profile '\(name)'"
        let answer = try ask(
            "role_name=\(PercentEncoding.encode(role))&account_id=\(PercentEncoding.encode(account))",
            token, session.region, description)
        guard answer.status == 200,
            let json = (try? JSONParser.parse(answer.body))?["roleCredentials"],
            let key = json["accessKeyId"]?.string, let secret = json["secretAccessKey"]?.string
        else {
            throw CredentialError(
                "\(description): SSO answers \(answer.status); 'aws sso login' gets a new token")
        }
        let milliseconds = json["expiration"]?.number.flatMap { Double($0) }
        return FoundCredentials(
            Credentials(
                accessKey: key, secretKey: secret, sessionToken: json["sessionToken"]?.string),
            expiresAt: milliseconds.map { $0 / 1000 }, source: description)
    }

    private func session(
        _ profile: [String: String], _ name: String
    ) throws(CredentialError) -> (cacheName: String, region: String) {
        if let session = profile["sso_session"] {
            guard let values = chain.profiles.ssoSession(session), let region = values["sso_region"]
            else {
                throw CredentialError(
                    "profile '\(name)' names the sso_session '\(session)', which has no sso_region in"
                        + " \(chain.environment.configPath)")
            }
            return (session, region)
        }
        guard let url = profile["sso_start_url"], let region = profile["sso_region"] else {
            throw CredentialError("profile '\(name)' needs sso_start_url and sso_region")
        }
        return (url, region)
    }

    /// `~/.aws/sso/cache/<SHA-1 of the session's name or start URL>.json`.
    private func cachedToken(_ cacheName: String, _ name: String) throws(CredentialError) -> String
    {
        let file = SHA1.hex(Array(cacheName.utf8)) + ".json"
        let path = chain.environment.expanded("~/.aws/sso/cache/" + file)
        let login = "run 'aws sso login --profile \(name)'"
        guard let text = chain.environment.readFile(path),
            let json = try? JSONParser.parse(Array(text.utf8)),
            let token = json["accessToken"]?.string,
            let expiry = json["expiresAt"]?.string.flatMap(AWSTime.seconds)
        else { throw CredentialError("profile '\(name)' has no SSO token: \(login)") }
        guard expiry > chain.environment.now() else {
            throw CredentialError("the SSO token of profile '\(name)' has expired: \(login)")
        }
        return token
    }

    private func ask(
        _ query: String, _ token: String, _ region: String, _ description: String
    ) throws(CredentialError) -> Answer {
        let place = AWSPlace(chain.environment, chain.profiles)
        let url = place.configuredEndpoint("sso") ?? "https://portal.sso.\(region).amazonaws.com"
        guard
            let target = RequestTarget(url: url.dropLastSlash + "/federation/credentials?" + query)
        else { throw CredentialError("the endpoint of SSO is no http or https URL") }
        let request = Request(
            "GET", target.pathAndQuery, at: target.origin,
            fields: [("x-amz-sso_bearer_token", token)])
        guard let answer = chain.environment.ask(request) else {
            throw CredentialError(
                "\(description): SSO at \(target.origin.authority) did not answer")
        }
        return answer
    }
}
