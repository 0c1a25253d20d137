/// What the two shared files say together. For the settings of a profile the credentials file wins, as
/// in botocore.
struct AWSProfiles: Sendable {
    private let config: AWSConfigFile
    private let credentials: AWSConfigFile

    init(config: AWSConfigFile, credentials: AWSConfigFile) {
        self.config = config
        self.credentials = credentials
    }

    /// The settings of a profile from both files; nil when neither knows it.
    func profile(_ name: String) -> AWSConfigFile.Section? {
        guard var merged = inConfig(name) else { return credentials.sections[name] }
        guard let more = credentials.sections[name] else { return merged }
        merged.values.merge(more.values) { $1 }
        merged.blocks.merge(more.blocks) { $1 }
        return merged
    }

    /// `[default]` needs no word before it.
    func inConfig(_ name: String) -> AWSConfigFile.Section? {
        config.sections["profile \(name)"] ?? (name == "default" ? config.sections[name] : nil)
    }

    func inCredentials(_ name: String) -> AWSConfigFile.Section? { credentials.sections[name] }

    func ssoSession(_ name: String) -> [String: String]? {
        config.sections["sso-session \(name)"]?.values
    }

    /// The block of a service in the `[services NAME]` that a profile points to.
    func service(_ service: String, of profile: String) -> [String: String]? {
        guard let name = self.profile(profile)?.values["services"] else { return nil }
        return config.sections["services \(name)"]?.blocks[service]
    }

    var isEmpty: Bool { config.sections.isEmpty && credentials.sections.isEmpty }
}
