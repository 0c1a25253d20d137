import Foundation

/// Finds the command a user typed, or says what could be typed.
struct CommandDispatch {
    let commands: [Command]
    let version: String

    func run(_ words: [String]) -> ExitCode {
        do throws(CommandError) {
            return try dispatch(words)
        } catch {
            // What fails because it was to end does not fail.
            if Interruption.isRequested, [.targetUnavailable, .failure].contains(error.exitCode) {
                Terminal.writeError("uploadbench: interrupted: \(error.message)")
                return .interrupted
            }
            let prefix = error.exitCode == .usage ? "uploadbench: usage: " : "uploadbench: "
            Terminal.writeError(prefix + error.message)
            return error.exitCode
        }
    }

    private func dispatch(_ words: [String]) throws(CommandError) -> ExitCode {
        guard let first = words.first else {
            Terminal.writeError(HelpText.overview(commands, version: version))
            return .usage
        }
        switch first {
        case "--version", "version":
            Terminal.write("uploadbench \(version)")
            return .success
        case "help", "--help", "-h":
            return try help(Array(words.dropFirst()))
        default:
            let command = try find(first)
            let rest = Array(words.dropFirst())
            if rest.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" })
            {
                Terminal.write(HelpText.text(for: command))
                return .success
            }
            return try command.run(Arguments(rest, for: command))
        }
    }

    private func help(_ words: [String]) throws(CommandError) -> ExitCode {
        guard let name = words.first else {
            Terminal.write(HelpText.overview(commands, version: version))
            return .success
        }
        Terminal.write(HelpText.text(for: try find(name)))
        return .success
    }

    private func find(_ name: String) throws(CommandError) -> Command {
        if let command = commands.first(where: { $0.name == name }) {
            return command
        }
        let hint =
            nearest(to: name, among: commands.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
        throw .usage("unknown command '\(name)'\(hint) (see 'uploadbench help')")
    }
}
