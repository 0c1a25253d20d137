import Foundation

extension Command {
    static let compare = Command(
        name: "compare",
        summary: "regression check between two results directories",
        usage: [
            "compare BASE CANDIDATE [FLAGS]",
            "compare --history DIR… [FLAGS]",
        ],
        details: """
            The round is the sample: each metric of each strategy and size is compared by the differences of
            its paired rounds (at least \(GateSettings.leastRounds)), with exact intervals, and Holm's adjustment over all of them.
            A regression is a change for the worse that is larger than its margin and not due to chance.

            exit codes: 0 no regression and all decided, 2 regression, 4 not decided (too few rounds, too much
            noise), 5 nothing to compare (no such results, or the plans differ).

            On a machine that others use too, 'run --against' is the fairer way: it takes turns.

            examples:
              uploadbench compare results/main results/branch
              uploadbench compare base new --margin-p99 20% --junit compare.xml --github
              uploadbench compare --history results/
            """,
        flags: CompareFlags.all,
        operands: 1...1000,
        run: { arguments throws(CommandError) in try CompareCommand(arguments).run(arguments) })
}

struct CompareCommand {
    private let gate: GateSettings
    private let output: ComparisonOutput
    private let settings: Settings

    init(_ arguments: Arguments) throws(CommandError) {
        settings = try Settings(arguments, for: .compare)
        gate = try GateSettings(settings)
        output = try ComparisonOutput(settings)
    }

    func run(_ arguments: Arguments) throws(CommandError) -> ExitCode {
        let paths = arguments.operands
        if try settings.isOn("history") {
            return try HistoryCommand(settings, gate, output).run(paths)
        }
        guard paths.count == 2 else {
            throw .usage(
                "compare takes two results directories: compare BASE CANDIDATE"
                    + (paths.count > 2 ? " (more of them with --history)" : ""))
        }
        let report = try GateReport(
            base: Self.read(paths[0]), candidate: Self.read(paths[1]), gate,
            ignoresPlan: try settings.isOn("ignore-plan"))
        try output.write(report)
        return report.gate.exitCode
    }

    static func read(_ path: String) throws(CommandError) -> RecordedRun {
        do throws(RecordedError) {
            return try RecordedRun(path)
        } catch {
            throw error.commandError
        }
    }
}

/// Where and how a comparison is told.
struct ComparisonOutput {
    let format: TableFormat
    let isQuiet: Bool
    let allowsColor: Bool
    let junitPath: String?
    let markdownPath: String?
    let isForGitHub: Bool

    init(_ settings: Settings) throws(CommandError) {
        format = try settings.choice("format", default: .table)
        isQuiet = try settings.isOn("quiet")
        allowsColor = Terminal.allowsColor(noColorFlag: try settings.isOn("no-color"))
        try OutputFile.check(settings)
        junitPath = settings.text("junit")
        markdownPath = settings.text("markdown")
        isForGitHub = try settings.isOn("github")
    }

    func write(_ report: GateReport) throws(CommandError) {
        switch format {
        case .json: Terminal.write(GateJSON(report: report).text)
        case .markdown: Terminal.write(GateMarkdown(report: report).text)
        case .table:
            Terminal.write(
                isQuiet
                    ? report.headlines.joined(separator: "\n")
                    : GateText(report: report, usesColor: allowsColor).text)
        }
        if let junitPath { try OutputFile.write(report.junit.xml, to: junitPath) }
        if let markdownPath {
            try OutputFile.write(GateMarkdown(report: report).text, to: markdownPath)
        }
        guard isForGitHub else { return }
        GitHubAnnotations.lines(report).forEach { Terminal.writeCommand($0) }
        try OutputFile.addToStepSummary(GateMarkdown(report: report).text)
    }
}
