import Foundation
import NetIO
import Presign
import Scenarios
import Transfer

/// The two requests of STS that give credentials (AWS STS API Reference).
struct SecurityTokenService {
    private let environment: AWSEnvironment
    private let url: String
    private let region: String

    init(_ chain: CredentialChain) throws(CredentialError) {
        environment = chain.environment
        let place = AWSPlace(chain.environment, chain.profiles)
        let configured = place.region
        region = configured ?? "us-east-1"
        url =
            place.configuredEndpoint("sts")
            ?? (configured.map { "https://sts.\($0).\(AWSHosts.suffix($0))" }
                ?? "https://sts.amazonaws.com")
    }

    func assumeRole(
        _ parameters: [NameValue], by source: Credentials, _ description: String
    ) throws(CredentialError) -> FoundCredentials {
        try ask([("Action", "AssumeRole")] + parameters, signedBy: source, description)
    }

    func assumeRoleWithWebIdentity(
        _ parameters: [NameValue], _ description: String
    ) throws(CredentialError) -> FoundCredentials {
        try ask(
            [("Action", "AssumeRoleWithWebIdentity")] + parameters, signedBy: nil, description)
    }

    private func ask(
        _ parameters: [NameValue], signedBy source: Credentials?, _ description: String
    ) throws(CredentialError) -> FoundCredentials {
        guard let target = RequestTarget(url: url) else {
            throw CredentialError("the endpoint of STS is no http or https URL")
        }
        let form = (parameters + [("Version", "2011-06-15")]).map {
            "\($0.name)=\(PercentEncoding.encode($0.value))"
        }.joined(separator: "&")
        let body = Array(form.utf8)
        var fields: [NameValue] = [
            ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
        ]
        if let source {
            let signed = HeaderSigner(credentials: source, region: region, service: "sts").sign(
                method: "POST", path: target.pathAndQuery,
                headers: [("Host", target.origin.authority)] + fields,
                payload: .digest(SHA256.digest(body)),
                at: SigningTime(unixSeconds: Int64(environment.now())))
            fields += signed.headers
        }
        let request = Request(
            "POST", target.pathAndQuery, at: target.origin, fields: fields,
            body: [BodySlice(bytes: body)])
        guard let answer = environment.ask(request) else {
            throw CredentialError(
                "\(description): STS at \(target.origin.authority) did not answer")
        }
        return try read(answer, description)
    }

    private func read(
        _ answer: Answer, _ description: String
    ) throws(CredentialError) -> FoundCredentials {
        let text = String(decoding: answer.body, as: UTF8.self)
        // One that was cut off could lack the end of a token.
        let isWhole = text.trimmingCharacters(in: .whitespacesAndNewlines).hasSuffix("Response>")
        guard answer.status == 200, isWhole, let key = XMLText.text("AccessKeyId", in: text),
            let secret = XMLText.text("SecretAccessKey", in: text),
            let token = XMLText.text("SessionToken", in: text)
        else {
            throw CredentialError(
                "\(description): STS answers \(answer.status) \(ErrorCode.find(in: answer.body))")
        }
        return FoundCredentials(
            Credentials(accessKey: key, secretKey: secret, sessionToken: token),
            expiresAt: XMLText.text("Expiration", in: text).flatMap(AWSTime.seconds),
            source: description)
    }
}
