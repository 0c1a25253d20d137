import Foundation

/// What a run writes beside its results directory, for CI and for other tools.
struct RunOutputs: Sendable {
    var junitPath: String?
    var markdownPath: String?
    var isForGitHub = false
    var exports = ExportPaths()

    init() {}

    init(_ settings: Settings) throws(CommandError) {
        try OutputFile.check(settings)
        junitPath = settings.text("junit")
        markdownPath = settings.text("markdown")
        isForGitHub = try settings.isOn("github")
        exports = ExportPaths(settings)
        if !exports.paths.isEmpty, let (text, source) = settings.value("samples"), text != "all" {
            throw .usage("\(source) \(text): what is exported is read from samples.csv; take all")
        }
        if junitPath != nil, settings.all("slo").isEmpty, settings.text("against") == nil,
            settings.text("against-target") == nil
        {
            throw .usage("--junit tells objectives: give some with --slo")
        }
    }

    /// - Parameter path: the finished results directory.
    func write(
        _ record: RunRecord, _ comparison: Comparison, _ path: String
    ) throws(CommandError) {
        if let junitPath { try OutputFile.write(JUnit(record.objectives).xml, to: junitPath) }
        let table = ComparisonTable(comparison: comparison, usesColor: false).text(.markdown)
        let lines = record.objectives.map { "- \(GateMarkdown.escaped($0.text))" }
        let markdown = ([table, ""] + lines).joined(separator: "\n") + "\n"
        if let markdownPath { try OutputFile.write(markdown, to: markdownPath) }
        if isForGitHub {
            GitHubAnnotations.lines(record.objectives).forEach { Terminal.writeCommand($0) }
            try OutputFile.addToStepSummary(markdown)
        }
        if !exports.paths.isEmpty { try exports.write(try CompareCommand.read(path)) }
    }
}
