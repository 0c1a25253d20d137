/// Lines that GitHub Actions shows at the top of a run ("Workflow commands for GitHub Actions").
enum GitHubAnnotations {
    /// GitHub shows ten per step and kind and drops the rest without a word.
    static let maximum = 10

    enum Level: String { case error, warning, notice }

    struct Annotation {
        let level: Level
        let title: String
        let message: String

        var line: String {
            "::\(level.rawValue) title=\(Self.property(title))::\(Self.data(message))"
        }

        /// As @actions/core escapes what could end the line or begin another command.
        private static func data(_ text: String) -> String {
            text.reduce(into: "") { result, character in
                switch character {
                case "%": result += "%25"
                case "\r": result += "%0D"
                case "\n": result += "%0A"
                case "\r\n": result += "%0D%0A"
                default: result += TerminalText.safe(String(character), keepsColor: false)
                }
            }
        }

        private static func property(_ text: String) -> String {
            data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
        }
    }

    /// At most ten lines; where there are more, the last says how many.
    static func lines(_ annotations: [Annotation]) -> [String] {
        guard annotations.count > maximum else { return annotations.map(\.line) }
        let rest = annotations.count - maximum + 1
        let last = Annotation(
            level: annotations[maximum - 1].level, title: "uploadbench",
            message: "and \(rest) more; see the summary")
        return annotations.prefix(maximum - 1).map(\.line) + [last.line]
    }

    /// Regressions first, then what was not decided, then the verdict where nothing stands out.
    static func lines(_ report: GateReport) -> [String] {
        let regressions = report.gate.rows(.regression).map {
            Annotation(level: .error, title: "Regression: \($0.title)", message: $0.sentence)
        }
        let isDecided = report.gate.exitCode != .inconclusive
        let verdict = Annotation(
            level: regressions.isEmpty ? (isDecided ? .notice : .warning) : .error,
            title: "uploadbench compare", message: report.headline)
        return lines([verdict] + regressions)
    }

    static func lines(_ verdicts: [ObjectiveVerdict]) -> [String] {
        lines(
            verdicts.filter { !$0.isMet }.map {
                Annotation(
                    level: .error, title: "Objective missed: \($0.objective.text)",
                    message: $0.text)
            })
    }
}
