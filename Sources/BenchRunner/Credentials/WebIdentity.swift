import Presign

/// A token file that another program keeps fresh, exchanged for credentials of a role.
struct WebIdentity {
    private let chain: CredentialChain

    init(_ chain: CredentialChain) { self.chain = chain }

    func find(
        _ name: String, usesEnvironment: Bool
    ) throws(CredentialError) -> FoundCredentials? {
        let environment = chain.environment
        let profile = chain.profiles.profile(name)?.values ?? [:]
        // Each setting from the environment first.
        let read = { (variable: String, key: String) in
            (usesEnvironment ? environment[variable] : nil) ?? profile[key]
        }
        guard let path = read("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") else {
            return nil
        }
        guard let role = read("AWS_ROLE_ARN", "role_arn") else {
            throw CredentialError(
                "a web identity token file is configured, and no role (AWS_ROLE_ARN, role_arn)")
        }
        guard let token = environment.readFile(environment.expanded(path)) else {
            throw CredentialError("the web identity token file \(path) cannot be read")
        }
        let session =
            read("AWS_ROLE_SESSION_NAME", "role_session_name")
            ?? "uploadbench-\(Int(environment.now()))"
        return try SecurityTokenService(chain).assumeRoleWithWebIdentity(
            [("RoleArn", role), ("RoleSessionName", session), ("WebIdentityToken", token)],
            "role \(role), by the web identity of \(path)")
    }
}
