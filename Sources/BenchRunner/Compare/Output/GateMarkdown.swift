/// A comparison as GitHub-flavoured Markdown, for a step summary or a comment.
struct GateMarkdown {
    /// GitHub takes 1 MiB per step ("Workflow commands: adding a job summary"); a table that long
    /// helps nobody, and other steps write there too.
    static let maximumBytes = 256 * 1024
    let report: GateReport

    var text: String {
        let head = [
            "### \(Self.sign(report.gate.verdict)) \(Self.escaped(report.headline))", "",
            "Base `\(Self.code(report.base.path))`, candidate `\(Self.code(report.candidate.path))`.",
            "",
        ]
        let titles = ["", "what", "metric", "base", "candidate", "change", "interval", "verdict"]
        let rules = ["---", "---", "---", "---:", "---:", "---:", "---:", "---"]
        var lines = head + [Self.line(titles), Self.line(rules)]
        let foot = footnotes
        var left = Self.maximumBytes - (lines + foot).reduce(0) { $0 + $1.utf8.count + 1 } - 100
        let sorted = report.gate.rows.sorted { Self.rank($0.verdict) < Self.rank($1.verdict) }
        for (index, row) in sorted.enumerated() {
            let line = Self.line(Self.fields(row))
            left -= line.utf8.count + 1
            guard left >= 0 else {
                lines += ["", "\(sorted.count - index) more rows are left out."]
                break
            }
            lines.append(line)
        }
        return (lines + foot).joined(separator: "\n") + "\n"
    }

    private var footnotes: [String] {
        let notes =
            report.ignoredDifferences.map { "plans differ: \($0.text)" } + report.caveats
        return notes.isEmpty
            ? [] : [""] + notes.prefix(20).map { "- \(Self.escaped(String($0.prefix(500))))" }
    }

    /// Regressions first, then what was not decided.
    private static func rank(_ verdict: GateVerdict) -> Int {
        let order: [GateVerdict] = [
            .regression, .inconclusive, .underpowered, .improvement, .equivalent, .notJudged,
        ]
        return order.firstIndex(of: verdict) ?? 0
    }

    private static func fields(_ row: GateRow) -> [String] {
        let shown = { (value: Double?) in value.map(row.metric.shown) ?? "" }
        let note = row.note.isEmpty ? "" : " (\(row.note))"
        let isCount = row.counts != nil
        return [
            sign(row.verdict), row.subject.title, row.metric.title,
            row.counts?.base.text ?? shown(row.base),
            row.counts?.candidate.text ?? shown(row.candidate), row.changeText,
            isCount ? row.pValue.map { "p " + GateRow.shortP($0) } ?? "" : row.intervalText ?? "",
            (row.verdict == .regression ? "**regression**" : row.verdict.rawValue) + note,
        ].map(escaped)
    }

    private static func line(_ fields: [String]) -> String {
        "| " + fields.joined(separator: " | ") + " |"
    }

    private static func sign(_ verdict: GateVerdict) -> String {
        switch verdict {
        case .regression: "🔴"
        case .improvement: "🟢"
        case .equivalent: "✅"
        case .inconclusive, .underpowered: "🟡"
        case .notJudged: "⚪"
        }
    }

    /// What Markdown or HTML would take for markup; names come from files.
    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "|", "\\", "`", "[", "]", "_", "*", "~": result += "\\\(character)"
            case "<": result += "&lt;"
            case "&": result += "&amp;"
            // GitHub would tell the people of that name.
            case "@": result += "&#64;"
            case "\n", "\r", "\r\n": result += " "
            default: result += TerminalText.safe(String(character), keepsColor: false)
            }
        }
    }

    private static func code(_ text: String) -> String {
        TerminalText.safe(text.filter { $0 != "`" && !$0.isNewline }, keepsColor: false)
    }
}
