import NetIO
import Presign
import Scenarios
import Transfer

/// The instance metadata service of EC2: a session token first (IMDSv2), then the role's credentials.
struct InstanceCredentials {
    private let environment: AWSEnvironment
    private let settings: [String: String]
    private static let rolePath = "/latest/meta-data/iam/security-credentials/"
    private static let tokenSeconds = 21_600

    /// - Parameter settings: of the profile.
    init(_ environment: AWSEnvironment, _ settings: [String: String]) {
        self.environment = environment
        self.settings = settings
    }

    /// nil where there is no such service or no role: then this machine is no instance with one.
    func find() throws(CredentialError) -> FoundCredentials? {
        guard !environment.isOn("AWS_EC2_METADATA_DISABLED") else { return nil }
        guard let base = RequestTarget(url: baseURL)?.origin else {
            throw CredentialError(
                "AWS_EC2_METADATA_SERVICE_ENDPOINT is no http or https URL")
        }
        for _ in 0..<attempts {
            guard let token = try token(base) else { continue }
            guard let role = text(base, Self.rolePath, token)?.split(separator: "\n").first,
                let json = text(
                    base, Self.rolePath + PercentEncoding.encode(String(role)), token)
            else { continue }
            if let found = FoundCredentials(
                json: json, token: "Token", source: "the instance's role \(role) (IMDS)")
            {
                return found
            }
        }
        return nil
    }

    private var attempts: Int {
        let text =
            environment["AWS_METADATA_SERVICE_NUM_ATTEMPTS"]
            ?? settings["metadata_service_num_attempts"]
        return min(max(1, text.flatMap { Int($0) } ?? 1), 10)
    }

    private var timeoutNs: Int64 {
        let text =
            environment["AWS_METADATA_SERVICE_TIMEOUT"] ?? settings["metadata_service_timeout"]
        return Int64(min(max(0.1, text.flatMap { Double($0) } ?? 1), 60) * 1e9)
    }

    private var baseURL: String {
        if let url = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"]
            ?? settings["ec2_metadata_service_endpoint"]
        {
            return url
        }
        let mode =
            environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]
            ?? settings["ec2_metadata_service_endpoint_mode"]
        return mode?.lowercased() == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254"
    }

    /// The session's token; "" where the service is of the first version only, and that is allowed.
    private func token(_ base: Origin) throws(CredentialError) -> String? {
        let answer = ask(
            "PUT", base, "/latest/api/token",
            [("x-aws-ec2-metadata-token-ttl-seconds", String(Self.tokenSeconds))])
        let text = answer.map { String(decoding: $0.body, as: UTF8.self) } ?? ""
        switch answer?.status {
        case 200 where !text.contains(where: \.isNewline): return text
        // Nobody there: the first version would not answer either.
        case nil: return nil
        case 403, 404, 405:
            let isOff =
                environment.isOn("AWS_EC2_METADATA_V1_DISABLED")
                || settings["ec2_metadata_v1_disabled"]?.lowercased() == "true"
            return isOff ? nil : ""
        default: return nil
        }
    }

    private func text(_ base: Origin, _ path: String, _ token: String) -> String? {
        let answer = ask(
            "GET", base, path, token.isEmpty ? [] : [("x-aws-ec2-metadata-token", token)])
        guard let answer, answer.status == 200 else { return nil }
        return String(decoding: answer.body, as: UTF8.self)
    }

    private func ask(
        _ method: String, _ base: Origin, _ path: String, _ fields: [NameValue]
    ) -> Answer? {
        var request = Request(method, path, at: base, fields: fields)
        request.timeouts = RequestTimeouts(
            connectNs: timeoutNs, idleNs: timeoutNs, totalNs: timeoutNs)
        return environment.ask(request)
    }
}
