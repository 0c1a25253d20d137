import Foundation
import NetIO
import Presign
import Scenarios
import Transfer

/// The endpoint that ECS and EKS give their containers.
struct ContainerCredentials {
    private let environment: AWSEnvironment
    private static let taskHost = "http://169.254.170.2"
    private static let hosts = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]
    private static let attempts = 3

    init(_ environment: AWSEnvironment) { self.environment = environment }

    func find() throws(CredentialError) -> FoundCredentials? {
        let url: String
        if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
            url = Self.taskHost + path
        } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
            url = full
        } else {
            return nil
        }
        guard let target = RequestTarget(url: url), isAllowed(target.origin) else {
            throw CredentialError(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http to this machine,"
                    + " 169.254.170.2, 169.254.170.23 or fd00:ec2::23")
        }
        let fields: [NameValue] =
            [("Accept", "application/json")]
            + (try token().map { [("Authorization", $0)] } ?? [])
        let request = Request(
            "GET", target.pathAndQuery, at: target.origin, fields: fields)
        let source = "the container's endpoint (\(target.origin.authority))"
        var status: Int?
        for _ in 0..<Self.attempts {
            let answer = environment.ask(request)
            status = answer?.status
            guard let answer else { continue }
            if answer.status == 200,
                let found = FoundCredentials(
                    json: String(decoding: answer.body, as: UTF8.self), token: "Token",
                    source: source)
            {
                return found
            }
            if answer.status < 500 { break }
        }
        throw CredentialError(
            status.map { "\(source) answers \($0) and no credentials" }
                ?? "\(source) does not answer")
    }

    private func isAllowed(_ origin: Origin) -> Bool {
        origin.scheme == .https || LoadConsent.isLoopback(origin.host)
            || Self.hosts.contains(origin.host.lowercased())
    }

    /// The file is read each time: whoever rotates the token rewrites it.
    private func token() throws(CredentialError) -> String? {
        guard let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] else {
            return try environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"].map(Self.clean)
        }
        guard let text = environment.readFile(path) else {
            throw CredentialError("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: cannot read \(path)")
        }
        return try Self.clean(text)
    }

    /// A line break would end the field and begin another.
    private static func clean(_ token: String) throws(CredentialError) -> String {
        guard !token.contains(where: \.isNewline) else {
            throw CredentialError("the container's authorization token has a line break in it")
        }
        return token
    }
}
