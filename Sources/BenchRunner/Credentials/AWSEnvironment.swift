import Foundation
import NetIO
import Transfer

/// All that finding credentials, a region and an endpoint may look at: the environment, files, HTTP
/// servers, programs and the clock. A test hands in its own.
struct AWSEnvironment: Sendable {
    var variables: [String: String]
    /// A profile that was named on the command line; then keys in the environment do not count.
    var explicitProfile: String?
    var readFile: @Sendable (String) -> String? = {
        (try? InputFile.read($0)).flatMap { String(validating: $0, as: UTF8.self) }
    }
    /// Sends one request; nil without an answer.
    var ask: @Sendable (Request) -> Answer? = { request in
        var configuration = TransferConfiguration()
        // Plain http is of this machine's own neighbours (container, instance): no proxy sees them.
        if request.origin.scheme == .http { configuration.proxy = "" }
        return (try? OneRequest.send(request, configuration))?.success
    }
    var now: @Sendable () -> Double = { Date().timeIntervalSince1970 }

    init(
        variables: [String: String] = ProcessInfo.processInfo.environment,
        explicitProfile: String? = nil
    ) {
        self.variables = variables
        self.explicitProfile = explicitProfile
    }

    /// The value, unless it is empty.
    subscript(name: String) -> String? { variables[name].flatMap { $0.isEmpty ? nil : $0 } }

    func isOn(_ name: String) -> Bool { self[name]?.lowercased() == "true" }

    var profileName: String {
        explicitProfile ?? self["AWS_PROFILE"] ?? self["AWS_DEFAULT_PROFILE"] ?? "default"
    }

    /// Was a profile asked for by name? Then it must exist.
    var isProfileNamed: Bool {
        explicitProfile != nil || self["AWS_PROFILE"] != nil || self["AWS_DEFAULT_PROFILE"] != nil
    }

    var configPath: String { expanded(self["AWS_CONFIG_FILE"] ?? "~/.aws/config") }
    var credentialsPath: String {
        expanded(self["AWS_SHARED_CREDENTIALS_FILE"] ?? "~/.aws/credentials")
    }

    /// `~` is the home folder, as the variable has it.
    func expanded(_ path: String) -> String {
        guard path == "~" || path.hasPrefix("~/") else { return path }
        return (self["HOME"] ?? NSHomeDirectory()) + path.dropFirst()
    }

    /// - Throws: for a file that is there and cannot be understood.
    func profiles() throws(CredentialError) -> AWSProfiles {
        AWSProfiles(config: try file(configPath), credentials: try file(credentialsPath))
    }

    private func file(_ path: String) throws(CredentialError) -> AWSConfigFile {
        guard let text = readFile(path) else { return AWSConfigFile() }
        do throws(AWSConfigFile.Failure) {
            return try AWSConfigFile(text)
        } catch {
            throw CredentialError("\(path), line \(error.line) \(error.reason)")
        }
    }
}

extension Result {
    fileprivate var success: Success? { try? get() }
}

/// Why a source that is configured gives no credentials. The text never holds a secret.
struct CredentialError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    var commandError: CommandError {
        CommandError(
            exitCode: Interruption.isRequested ? .interrupted : .failure, message: description)
    }
}
