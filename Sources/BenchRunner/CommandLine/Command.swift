/// What the process answers to its caller; other programs rely on these numbers.
enum ExitCode: Int32 {
    case success = 0
    case failure = 1
    case regression = 2
    case objectiveMissed = 3
    case inconclusive = 4
    case nothingToCompare = 5
    case usage = 64
    case targetUnavailable = 69
    case resultsNotWritten = 74
    case interrupted = 130
}

/// An end of a command that its user must be told about, with what to type or do next.
struct CommandError: Error {
    let exitCode: ExitCode
    let message: String

    static func usage(_ message: String) -> CommandError {
        CommandError(exitCode: .usage, message: message)
    }
}

/// One `--name` of a command. A flag without `valueName` is a switch.
struct Flag: Sendable {
    let name: String
    var short: Character?
    var valueName: String?
    /// One line for the help; the default value is named in it.
    let help: String
    /// May the flag be given more than once?
    var isRepeatable = false
}

/// One word after `uploadbench`.
struct Command: Sendable {
    let name: String
    /// One line for the list of commands.
    let summary: String
    /// The lines under `usage:`, without the program's name.
    let usage: [String]
    /// Paragraphs after the flags: formats, examples, files written.
    var details: String = ""
    let flags: [Flag]
    /// How many words that are no flags it takes.
    var operands: ClosedRange<Int> = 0...0
    let run: @Sendable (Arguments) throws(CommandError) -> ExitCode
}
