import Foundation
import Presign

/// `credential_process`: a program whose standard output is JSON. It is run as it is written, without
/// a shell.
struct ProcessCredentials {
    private let chain: CredentialChain
    private static let outputLimitBytes = 1 << 16

    init(_ chain: CredentialChain) { self.chain = chain }

    func find(_ name: String) throws(CredentialError) -> FoundCredentials? {
        guard let line = chain.profiles.profile(name)?.values["credential_process"] else {
            return nil
        }
        let description = "credential_process of profile '\(name)'"
        guard let words = ShellWords.split(line), let program = words.first else {
            throw CredentialError("\(description) is no command line")
        }
        let output = try run(program, Array(words.dropFirst()), description)
        guard let json = try? JSONParser.parse(Array(output.utf8)) else {
            throw CredentialError("\(description) prints no JSON")
        }
        guard json["Version"]?.integer == 1 else {
            throw CredentialError("\(description): its Version is not 1")
        }
        guard let found = FoundCredentials(json: output, token: "SessionToken", source: description)
        else { throw CredentialError("\(description) names no AccessKeyId and SecretAccessKey") }
        return found
    }

    private func run(
        _ program: String, _ arguments: [String], _ description: String
    ) throws(CredentialError) -> String {
        guard let path = Self.executable(program, chain.environment["PATH"] ?? "/usr/bin:/bin")
        else { throw CredentialError("\(description): '\(program)' is no program") }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = chain.environment.variables
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        // Its complaints are its own: they may hold what must not be shown.
        process.standardError = FileHandle.nullDevice
        do {
            try process.run()
            let data = try output.fileHandleForReading.read(upToCount: Self.outputLimitBytes)
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw CredentialError("\(description) ended with \(process.terminationStatus)")
            }
            return String(decoding: data ?? Data(), as: UTF8.self)
        } catch let error as CredentialError {
            throw error
        } catch {
            throw CredentialError("\(description) cannot be run: \(error.localizedDescription)")
        }
    }

    private static func executable(_ program: String, _ path: String) -> String? {
        guard !program.contains("/") else {
            return access(program, X_OK) == 0 ? program : nil
        }
        return path.split(separator: ":").map { "\($0)/\(program)" }.first {
            access($0, X_OK) == 0
        }
    }
}
