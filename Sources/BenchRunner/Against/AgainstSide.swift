import Foundation
import NetIO

/// One of the two that take turns: a binary and the flags that it gets in every round.
struct AgainstSide: Sendable {
    enum Name: String, Sendable, CaseIterable { case base, candidate }

    let name: Name
    let binary: String
    let flags: [String]

    /// Both sides: the candidate is what the flags say, the base differs in its binary or its
    /// target.
    static func both(_ settings: Settings) throws(CommandError) -> [AgainstSide] {
        let candidateFlags = try flags(settings, replacing: [:])
        let own = ChildProgram.ownPath
        let candidate = AgainstSide(name: .candidate, binary: own, flags: candidateFlags)
        if let binary = settings.text("against") {
            guard settings.text("against-target") == nil else {
                throw .usage("give --against or --against-target, not both")
            }
            let path = binary.contains("/") ? binary : "./" + binary
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
                !isFolder.boolValue, FileManager.default.isExecutableFile(atPath: path)
            else {
                throw .usage("--against: '\(binary)' is no program that can be run")
            }
            let base = AgainstSide(name: .base, binary: path, flags: candidateFlags)
            return [base, candidate]
        }
        var replaced: [String: String] = [:]
        replaced["target"] = settings.text("against-target")
        replaced["gateway"] = settings.text("against-gateway")
        replaced["bucket"] = settings.text("against-bucket")
        let baseFlags = try flags(settings, replacing: replaced)
        return [AgainstSide(name: .base, binary: own, flags: baseFlags), candidate]
    }

    /// Every setting spelled out, from wherever it came, so that both sides get the same.
    private static func flags(
        _ settings: Settings, replacing: [String: String]
    ) throws(CommandError) -> [String] {
        var words: [String] = []
        for flag in Command.run.flags where !AgainstFlags.own.contains(flag.name) {
            let name = "--" + flag.name
            if flag.valueName == nil {
                if try settings.isOn(flag.name) { words.append(name) }
            } else if let value = replacing[flag.name] ?? settings.text(flag.name) {
                words += [name, value]
            }
        }
        return words
    }

    /// One round as a process of its own.
    ///
    /// - Returns: when it has ended; what went wrong stands in its results and its last words.
    func run(seed: UInt64, into folder: String) throws(CommandError) -> Ended {
        let errorPath = folder + ".err"
        guard FileManager.default.createFile(atPath: errorPath, contents: nil),
            let errors = FileHandle(forWritingAtPath: errorPath)
        else {
            throw ResultsError(path: errorPath, operation: "write", code: errno).commandError
        }
        defer { try? FileManager.default.removeItem(atPath: errorPath) }
        let words =
            [binary, "run"] + flags + ["--rounds", "1", "--seed", "\(seed)", "--out", folder]
            + ["--quiet", "--no-color", "--format", "json"]
        let program: ChildProgram
        do throws(SystemError) {
            program = try ChildProgram(
                Tether.words(words), Self.environment,
                descriptors: [STDERR_FILENO: errors.fileDescriptor])
        } catch {
            throw CommandError(
                exitCode: .failure, message: "\(binary) cannot be started: \(error.message)")
        }
        Self.wait(program)
        let said = (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? ""
        return Ended(
            exitCode: program.wait().code,
            lastWords: said.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    struct Ended {
        let exitCode: Int32
        let lastWords: String
    }

    /// The child is in a process group of its own: an interrupt is handed on to it, once.
    private static func wait(_ program: ChildProgram) {
        while program.isRunning, !Interruption.isRequested { poll(nil, 0, 20) }
        program.send(SIGINT)
        // One that was stopped would not hear of it.
        while program.isRunning {
            if HaltWatch.state(program.identifier) == "T" { program.killGroup() }
            poll(nil, 0, 20)
        }
    }

    /// The settings were spelled out; only what must not stand on a command line is handed on.
    private static var environment: [String: String] {
        ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("UPLOADBENCH_") || $0.key == "UPLOADBENCH_TOKEN"
        }
    }
}
