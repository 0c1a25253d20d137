import Foundation
import Presign

/// A profile with `role_arn`: the role is assumed with the credentials of `source_profile`, which may
/// itself assume one, or of `credential_source`.
struct AssumedRole {
    private let chain: CredentialChain
    /// Each is a request to STS; AWS itself ends a session of chained roles after an hour.
    private static let chainLimit = 20

    init(_ chain: CredentialChain) { self.chain = chain }

    func find(_ name: String) throws(CredentialError) -> FoundCredentials? {
        guard isRole(name) else { return nil }
        return try assume(name, visited: [name])
    }

    private func isRole(_ name: String) -> Bool {
        let values = chain.profiles.profile(name)?.values ?? [:]
        return values["role_arn"] != nil && values["web_identity_token_file"] == nil
    }

    private func assume(
        _ name: String, visited: [String]
    ) throws(CredentialError) -> FoundCredentials {
        let values = chain.profiles.profile(name)?.values ?? [:]
        let role = values["role_arn"] ?? ""
        guard values["mfa_serial"] == nil else {
            throw CredentialError(
                "profile '\(name)' wants an MFA code, which a load generator cannot ask for: make a"
                    + " session with 'aws sts get-session-token' and put it into the environment")
        }
        let source = try sourceCredentials(name, values, visited)
        var parameters: [NameValue] = [
            ("RoleArn", role),
            ("RoleSessionName", values["role_session_name"] ?? sessionName),
        ]
        if let id = values["external_id"] { parameters.append(("ExternalId", id)) }
        if let seconds = values["duration_seconds"] {
            parameters.append(("DurationSeconds", seconds))
        }
        return try SecurityTokenService(chain).assumeRole(
            parameters, by: source.credentials,
            "role \(role) of profile '\(name)', assumed with \(source.source)")
    }

    private var sessionName: String { "uploadbench-\(Int(chain.environment.now()))" }

    private func sourceCredentials(
        _ name: String, _ values: [String: String], _ visited: [String]
    ) throws(CredentialError) -> FoundCredentials {
        switch (values["source_profile"], values["credential_source"]) {
        case (.some, .some):
            throw CredentialError("profile '\(name)' has both source_profile and credential_source")
        case (nil, nil):
            throw CredentialError(
                "profile '\(name)' has role_arn, and neither source_profile nor credential_source")
        case (nil, let source?): return try credentialSource(source, name)
        case (let source?, nil): return try sourceProfile(source, name, visited)
        }
    }

    private func sourceProfile(
        _ source: String, _ name: String, _ visited: [String]
    ) throws(CredentialError) -> FoundCredentials {
        guard let section = chain.profiles.profile(source) else {
            throw CredentialError(
                "profile '\(name)' has the source_profile '\(source)', which is nowhere")
        }
        let own = try FoundCredentials(section, source: "profile '\(source)'")
        // A profile may name itself when it has keys of its own.
        if visited.contains(source) {
            if source == name, let own { return own }
            throw CredentialError(
                "source_profile goes in a circle: \((visited + [source]).joined(separator: ", "))")
        }
        if let own { return own }
        guard visited.count < Self.chainLimit else {
            throw CredentialError(
                "more than \(Self.chainLimit) profiles follow each other by source_profile, from"
                    + " '\(visited[0])' on")
        }
        if isRole(source) { return try assume(source, visited: visited + [source]) }
        guard let found = try chain.fromProfile(source, usesEnvironment: false) else {
            throw CredentialError("the source_profile '\(source)' of '\(name)' has no credentials")
        }
        return found
    }

    private func credentialSource(
        _ source: String, _ name: String
    ) throws(CredentialError) -> FoundCredentials {
        let found: FoundCredentials? =
            switch source.lowercased() {
            case "environment": try chain.fromEnvironment()
            case "ecscontainer": try ContainerCredentials(chain.environment).find()
            case "ec2instancemetadata":
                try InstanceCredentials(
                    chain.environment, chain.profiles.profile(name)?.values ?? [:]
                ).find()
            default:
                throw CredentialError(
                    "profile '\(name)' has the unknown credential_source '\(source)'")
            }
        guard let found else {
            throw CredentialError(
                "profile '\(name)' takes credentials from \(source), which has none")
        }
        return found
    }
}
