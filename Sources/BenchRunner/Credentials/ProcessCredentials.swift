import Foundation
import NetIO
import Presign

/// `credential_process`: a program whose standard output is JSON. It is run as it is written, without
/// a shell.
struct ProcessCredentials {
    private let chain: CredentialChain

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
        else {
            throw CredentialError("\(description) names no usable AccessKeyId and SecretAccessKey")
        }
        guard found.expiresAt ?? .infinity > chain.environment.now() else {
            throw CredentialError("\(description) prints credentials that have expired")
        }
        return found
    }

    private func run(
        _ program: String, _ arguments: [String], _ description: String
    ) throws(CredentialError) -> String {
        guard let path = Self.executable(program, chain.environment["PATH"] ?? "/usr/bin:/bin")
        else { throw CredentialError("\(description): '\(program)' is no program") }
        let started: (output: Int32, program: ChildProgram)
        do throws(SystemError) {
            started = try start([path] + arguments)
        } catch {
            throw CredentialError("\(description) cannot be run")
        }
        defer { close(started.output) }
        return try output(started.output, of: started.program, description)
    }

    /// Its complaints go nowhere: they are its own, and may hold what must not be shown.
    private func start(
        _ words: [String]
    ) throws(SystemError) -> (output: Int32, program: ChildProgram) {
        let pipe = try ChildProgram.pipe()
        defer { close(pipe.write) }
        do throws(SystemError) {
            let program = try ChildProgram(
                words, chain.environment.variables, descriptors: [1: pipe.write])
            return (pipe.read, program)
        } catch {
            close(pipe.read)
            throw error
        }
    }

    private func output(
        _ descriptor: Int32, of program: ChildProgram, _ description: String
    ) throws(CredentialError) -> String {
        do throws(ProcessOutput.Failure) {
            let bytes = try ProcessOutput(descriptor: descriptor).read { program.isRunning }
            let code = program.wait().code
            guard code == 0 else { throw .ended(code) }
            return String(decoding: bytes, as: UTF8.self)
        } catch {
            program.killGroup()
            throw CredentialError("\(description) \(error.text)")
        }
    }

    private static func executable(_ program: String, _ path: String) -> String? {
        let isProgram = { (path: String) in
            var facts = stat()
            return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
                && access(path, X_OK) == 0
        }
        guard !program.contains("/") else { return isProgram(program) ? program : nil }
        return path.split(separator: ":").map { "\($0)/\(program)" }.first(where: isProgram)
    }
}

/// What a program prints, until it ends; children that it leaves behind are not waited for.
private struct ProcessOutput {
    let descriptor: Int32

    private static let limitBytes = 1 << 16
    /// Programs that ask a person or a network for leave take their time; botocore waits for ever.
    private static let patience = Duration.seconds(60)
    private static let lookIntervalMs: Int32 = 50

    enum Failure: Error {
        case ended(Int32), tooLong, timedOut, interrupted

        var text: String {
            switch self {
            case .ended(let status): "ended with \(status)"
            case .tooLong: "prints more than \(limitBytes) bytes"
            case .timedOut: "did not end within \(patience.components.seconds) s"
            case .interrupted: "was interrupted"
            }
        }
    }

    func read(whileRunning isRunning: () -> Bool) throws(Failure) -> [UInt8] {
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        let deadline = ContinuousClock.now + Self.patience
        var bytes: [UInt8] = []
        var isOpen = true
        while true {
            // Asked before the last look: what it printed at its end is there then.
            let wasRunning = isRunning()
            if isOpen { isOpen = try take(&bytes) }
            guard wasRunning else { return bytes }
            if Interruption.isRequested { throw .interrupted }
            guard ContinuousClock.now < deadline else { throw .timedOut }
            var readable = pollfd(fd: isOpen ? descriptor : -1, events: Int16(POLLIN), revents: 0)
            _ = poll(&readable, 1, Self.lookIntervalMs)
        }
    }

    /// All that is there; false at the end.
    private func take(_ bytes: inout [UInt8]) throws(Failure) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return count < 0 }
            bytes += buffer.prefix(count)
            guard bytes.count <= Self.limitBytes else { throw .tooLong }
        }
    }
}
