/// The region and the endpoints, as the environment and the profile have them.
struct AWSPlace {
    private let environment: AWSEnvironment
    private let profiles: AWSProfiles

    init(_ environment: AWSEnvironment, _ profiles: AWSProfiles) {
        self.environment = environment
        self.profiles = profiles
    }

    private var profile: AWSConfigFile.Section? { profiles.profile(environment.profileName) }

    /// `AWS_REGION` is what the other SDKs read, `AWS_DEFAULT_REGION` what the CLI and boto3 do.
    var region: String? {
        environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? profile?.values["region"]
    }

    /// A service's endpoint that was set by hand, in the order of the AWS SDKs and Tools Reference
    /// Guide, "Service-specific endpoints"; nil for AWS's own.
    ///
    /// - Parameter service: `s3`, `sts`, `sso`.
    func configuredEndpoint(_ service: String) -> String? {
        let ignores =
            environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"]
            ?? profile?.values["ignore_configured_endpoint_urls"]
        guard ignores?.lowercased() != "true" else { return nil }
        return environment["AWS_ENDPOINT_URL_\(service.uppercased())"]
            ?? environment["AWS_ENDPOINT_URL"]
            ?? profiles.service(service, of: environment.profileName)?["endpoint_url"]
            ?? profile?.values["endpoint_url"]
    }

    var usesDualStack: Bool {
        isOn("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
    }

    var usesFIPS: Bool { isOn("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint") }

    var usesAccelerate: Bool {
        profile?.blocks["s3"]?["use_accelerate_endpoint"]?.lowercased() == "true"
    }

    /// The block `s3 =` is older, and wins where it says something.
    private func isOn(_ variable: String, _ key: String) -> Bool {
        let text =
            profile?.blocks["s3"]?[key] ?? environment[variable] ?? profile?.values[key] ?? "false"
        return text.lowercased() == "true"
    }
}

/// S3's endpoints at AWS (AWS General Reference, "Amazon Simple Storage Service endpoints and quotas").
enum AWSHosts {
    static func suffix(_ region: String) -> String {
        region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    }

    /// What a bucket's name is put before.
    static func store(region: String, dualStack: Bool, fips: Bool) -> String {
        let service = (fips ? "s3-fips" : "s3") + (dualStack ? ".dualstack" : "")
        return "https://\(service).\(region).\(suffix(region))"
    }

    /// One for all regions; China has none, and none has FIPS.
    static func accelerate(region: String, dualStack: Bool, fips: Bool) -> String? {
        guard !fips, !region.hasPrefix("cn-") else { return nil }
        return "https://s3-accelerate\(dualStack ? ".dualstack" : "").amazonaws.com"
    }
}
