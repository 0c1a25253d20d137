import Foundation
import NetIO

/// `uploadbench serve` as a child process. It ends when its standard input closes, so it cannot
/// outlive this process, however that ends.
final class EmbeddedEndpoint {
    private let program: ChildProgram
    private let input: Int32
    /// Hangs up when the child dies.
    private let output: Int32
    private var unread: [UInt8] = []
    private var isStopped = false
    private static let answerTimeLimit = Duration.seconds(5)
    /// Once the run was interrupted, which does not wait for figures long.
    private static let hurriedTimeLimit = Duration.seconds(1)
    private static let lookIntervalMs: Int32 = 100
    private let folder: String
    private static let startTimeLimitNs: UInt64 = 20_000_000_000
    private static let endTimeLimit = Duration.seconds(5)
    private var halt = HaltWatch()

    /// Starts the child and waits until it listens.
    init(arguments: [String]) throws(CommandError) {
        folder = try Self.privateFolder()
        let words =
            [ChildProgram.ownPath, "serve", "--ready-file", folder + "/ready.json"]
            + ["--until-stdin-closes"] + arguments
        // Settings in the environment are this process's: it has told the child all that follows from them.
        let environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("UPLOADBENCH_")
        }
        do throws(SystemError) {
            (program, input, output) = try Self.start(words, environment)
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw Self.unavailable("it cannot be started: \(error.message)")
        }
    }

    private func tell(_ line: String) -> Bool { Self.tell(line, input) }

    @discardableResult private static func tell(_ line: String, _ pipe: Int32) -> Bool {
        let bytes = Array((line + "\n").utf8)
        return write(pipe, bytes, bytes.count) == bytes.count
    }

    private static func start(
        _ words: [String], _ environment: [String: String]
    ) throws(SystemError) -> (ChildProgram, input: Int32, output: Int32) {
        let toChild = try ChildProgram.pipe()
        defer { close(toChild.read) }
        // Before there is a child: this process may be killed at any moment, also before it could tidy up.
        tell(Questions.removeReadyFile, toChild.write)
        do throws(SystemError) {
            let fromChild = try ChildProgram.pipe()
            defer { close(fromChild.write) }
            do throws(SystemError) {
                let program = try ChildProgram(
                    words, environment,
                    descriptors: [
                        STDIN_FILENO: toChild.read, STDOUT_FILENO: fromChild.write,
                        STDERR_FILENO: STDERR_FILENO,
                    ])
                return (program, toChild.write, fromChild.read)
            } catch {
                close(fromChild.read)
                throw error
            }
        } catch {
            close(toChild.write)
            throw error
        }
    }

    deinit { stop() }

    /// Is the child there, and not stopped for good? To be asked often.
    func isServing() -> Bool {
        program.isRunning && !halt.isHalted(program.identifier)
    }

    /// Why the child does not serve any more.
    var end: String {
        switch program.end() {
        case nil: "the embedded endpoint was stopped (SIGSTOP) and does not answer"
        case .exited(let code): "the embedded endpoint ended with \(code)"
        case .killed(let signal): "the embedded endpoint was killed by signal \(signal)"
        }
    }

    /// Waits for the ready file, and at most 20 s.
    func target(for plan: RunPlan) throws(CommandError) -> RunTarget {
        let deadline = DispatchTime.now().uptimeNanoseconds + Self.startTimeLimitNs
        while DispatchTime.now().uptimeNanoseconds < deadline {
            if let data = FileManager.default.contents(atPath: folder + "/ready.json") {
                return try RunTarget(readyFile: data, plan: plan)
            }
            guard !Interruption.isRequested else {
                throw CommandError(
                    exitCode: .interrupted, message: "interrupted before anything was measured")
            }
            var hangup = pollfd(fd: output, events: 0, revents: 0)
            if poll(&hangup, 1, 5) > 0 {
                throw endWhileStarting()
            }
        }
        throw Self.unavailable("it did not listen within 20 s")
    }

    /// A disk that takes no file of the child takes none of this process either.
    private func endWhileStarting() -> CommandError {
        if !program.hasEnded(within: Self.endTimeLimit) { program.killGroup() }
        let hasWritten = program.end() != .exited(ExitCode.resultsNotWritten.rawValue)
        return CommandError(
            exitCode: hasWritten ? .targetUnavailable : .resultsNotWritten,
            message: hasWritten
                ? "the embedded endpoint is not available: it ended while starting"
                : "the embedded endpoint cannot write its temporary file in \(folder)")
    }

    /// What the roles have used so far; nil when the child does not answer.
    func accounts() -> RoleAccounts? {
        guard isServing() else { return nil }
        guard tell(RoleAccounts.question) else { return nil }
        let asked = ContinuousClock.now
        while let line = nextLine(since: asked) {
            // The child also prints where it listens.
            guard line.first == UInt8(ascii: "{") else { continue }
            return try? JSONDecoder().decode(RoleAccounts.self, from: Data(line))
        }
        return nil
    }

    private func nextLine(since asked: ContinuousClock.Instant) -> [UInt8]? {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(unread[..<end])
                unread.removeSubrange(...end)
                return line
            }
            var readable = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&readable, 1, Self.lookIntervalMs) > 0 else {
                let limit =
                    Interruption.isRequested ? Self.hurriedTimeLimit : Self.answerTimeLimit
                guard ContinuousClock.now - asked < limit else { return nil }
                continue
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = read(output, &buffer, buffer.count)
            guard count > 0 else { return nil }
            unread += buffer.prefix(count)
        }
    }

    /// Ends the child, by force where it does not go by itself, and removes its credentials from the
    /// disk.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        close(input)
        // One that was stopped will not end.
        let isGoingOn = { HaltWatch.state(self.program.identifier) != "T" }
        if !program.hasEnded(within: Self.endTimeLimit, while: isGoingOn) { program.killGroup() }
        close(output)
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
