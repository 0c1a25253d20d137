import Foundation

/// `uploadbench serve` as a child process. It ends when its standard input closes, so it cannot
/// outlive this process, however that ends.
final class EmbeddedEndpoint {
    private let process = Process()
    private let input = Pipe()
    /// Hangs up when the child dies.
    private let output = Pipe()
    private var unread: [UInt8] = []
    private static let answerTimeLimitMs: Int32 = 5000
    private let folder: String
    private static let startTimeLimitNs: UInt64 = 20_000_000_000
    private static let endTimeLimitNs: UInt64 = 5_000_000_000
    private var halt = HaltWatch()

    /// Starts the child and waits until it listens.
    init(arguments: [String]) throws(CommandError) {
        folder = try Self.privateFolder()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments =
            ["serve", "--ready-file", folder + "/ready.json", "--until-stdin-closes"] + arguments
        // Settings in the environment are this process's: it has told the child all that follows from them.
        process.environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("UPLOADBENCH_")
        }
        process.standardInput = input
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            throw Self.unavailable("it cannot be started: \(error.localizedDescription)")
        }
    }

    deinit { stop() }

    /// Is the child there, and not stopped for good? To be asked often.
    func isServing() -> Bool {
        process.isRunning && !halt.isHalted(process.processIdentifier)
    }

    /// Why the child does not serve any more.
    var end: String {
        if process.isRunning {
            return "the embedded endpoint was stopped (SIGSTOP) and does not answer"
        }
        guard process.terminationReason == .uncaughtSignal else {
            return "the embedded endpoint ended with \(process.terminationStatus)"
        }
        return "the embedded endpoint was killed by signal \(process.terminationStatus)"
    }

    /// Waits for the ready file, and at most 20 s.
    func target(for plan: RunPlan) throws(CommandError) -> RunTarget {
        let deadline = DispatchTime.now().uptimeNanoseconds + Self.startTimeLimitNs
        while DispatchTime.now().uptimeNanoseconds < deadline {
            if let data = FileManager.default.contents(atPath: folder + "/ready.json") {
                return try RunTarget(readyFile: data, plan: plan)
            }
            var hangup = pollfd(
                fd: output.fileHandleForReading.fileDescriptor, events: 0, revents: 0)
            if poll(&hangup, 1, 5) > 0 {
                throw endWhileStarting()
            }
        }
        throw Self.unavailable("it did not listen within 20 s")
    }

    /// A disk that takes no file of the child takes none of this process either.
    private func endWhileStarting() -> CommandError {
        process.waitUntilExit()
        let hasWritten = process.terminationStatus != ExitCode.resultsNotWritten.rawValue
        return CommandError(
            exitCode: hasWritten ? .targetUnavailable : .resultsNotWritten,
            message: hasWritten
                ? "the embedded endpoint is not available: it ended while starting"
                : "the embedded endpoint cannot write its temporary file in \(folder)")
    }

    /// What the roles have used so far; nil when the child does not answer.
    func accounts() -> RoleAccounts? {
        guard isServing() else { return nil }
        let question = Array((RoleAccounts.question + "\n").utf8)
        let written = write(
            input.fileHandleForWriting.fileDescriptor, question, question.count)
        guard written == question.count else { return nil }
        while let line = nextLine() {
            // The child also prints where it listens.
            guard line.first == UInt8(ascii: "{") else { continue }
            return try? JSONDecoder().decode(RoleAccounts.self, from: Data(line))
        }
        return nil
    }

    private func nextLine() -> [UInt8]? {
        let descriptor = output.fileHandleForReading.fileDescriptor
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(unread[..<end])
                unread.removeSubrange(...end)
                return line
            }
            var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&readable, 1, Self.answerTimeLimitMs)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return nil }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return nil }
            unread += buffer.prefix(count)
        }
    }

    /// Ends the child, by force where it does not go by itself, and removes its credentials from the
    /// disk.
    func stop() {
        try? input.fileHandleForWriting.close()
        if process.isRunning {
            let deadline = DispatchTime.now().uptimeNanoseconds + Self.endTimeLimitNs
            // To look is all that is safe here: tried without, waitUntilExit() never returned when this
            // process had run out of descriptors.
            while isServing(), DispatchTime.now().uptimeNanoseconds < deadline { usleep(2000) }
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func privateFolder() throws(CommandError) -> String {
        var template = Array((NSTemporaryDirectory() + "/uploadbench-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw unavailable(
                "no temporary folder can be made: \(String(cString: strerror(errno)))")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func unavailable(_ reason: String) -> CommandError {
        CommandError(
            exitCode: .targetUnavailable,
            message: "the embedded endpoint is not available: \(reason)")
    }
}
