import Foundation
import Presign

/// Finds credentials where AWS's tools look for them, in botocore's order: the environment, a role that
/// the profile assumes, web identity, SSO, the credentials file, `credential_process`, the config file,
/// a container, the instance.
struct CredentialChain {
    let environment: AWSEnvironment
    let profiles: AWSProfiles

    init(_ environment: AWSEnvironment) throws(CredentialError) {
        self.environment = environment
        profiles = try environment.profiles()
        let name = environment.profileName
        guard !environment.isProfileNamed || profiles.profile(name) != nil else {
            throw CredentialError(
                "the profile '\(name)' is neither in \(environment.configPath) nor in"
                    + " \(environment.credentialsPath)")
        }
    }

    /// nil when no source is configured; a source that is and fails ends the search.
    func find() throws(CredentialError) -> FoundCredentials? {
        guard let found = try search() else { return nil }
        guard found.credentials.isPlain else {
            throw CredentialError(
                "\(found.source): a key or the token has characters that none has")
        }
        return found
    }

    private func search() throws(CredentialError) -> FoundCredentials? {
        let name = environment.profileName
        if environment.explicitProfile == nil, let found = try fromEnvironment() { return found }
        if let found = try AssumedRole(self).find(name) { return found }
        if let found = try fromProfile(name, usesEnvironment: environment.explicitProfile == nil) {
            return found
        }
        if let found = try ContainerCredentials(environment).find() { return found }
        return try InstanceCredentials(environment, profiles.profile(name)?.values ?? [:]).find()
    }

    /// - Throws: for half a pair.
    func fromEnvironment() throws(CredentialError) -> FoundCredentials? {
        guard let key = environment["AWS_ACCESS_KEY_ID"] else { return nil }
        guard let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
            throw CredentialError("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not")
        }
        let token = environment["AWS_SESSION_TOKEN"] ?? environment["AWS_SECURITY_TOKEN"]
        return FoundCredentials(
            Credentials(accessKey: key, secretKey: secret, sessionToken: token),
            source: "the environment (AWS_ACCESS_KEY_ID)")
    }

    /// What one profile gives without assuming a role.
    ///
    /// - Parameter usesEnvironment: the variables of web identity count too.
    func fromProfile(
        _ name: String, usesEnvironment: Bool
    ) throws(CredentialError) -> FoundCredentials? {
        if let found = try WebIdentity(self).find(name, usesEnvironment: usesEnvironment) {
            return found
        }
        if let found = try SSOCredentials(self).find(name) { return found }
        let files = "profile '\(name)' of"
        if let found = try FoundCredentials(
            profiles.inCredentials(name), source: "\(files) \(environment.credentialsPath)")
        {
            return found
        }
        if let found = try ProcessCredentials(self).find(name) { return found }
        return try FoundCredentials(
            profiles.inConfig(name), source: "\(files) \(environment.configPath)")
    }
}
