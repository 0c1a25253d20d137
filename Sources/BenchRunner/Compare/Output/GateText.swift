/// A comparison for a terminal.
struct GateText {
    let report: GateReport
    let usesColor: Bool

    var text: String {
        var lines = [
            "base       \(Self.name(report.base))", "candidate  \(Self.name(report.candidate))",
        ]
        let headlines = report.headlines
        lines += ["", painted(headlines[0], report.gate.verdict)] + headlines.dropFirst()
        for (subject, rows) in report.subjects {
            lines += [""] + block(subject, rows)
        }
        lines += [""] + footnotes
        return lines.joined(separator: "\n")
    }

    private static func name(_ run: RecordedRun) -> String {
        let commit = run.record.gitCommit.map { ", commit \($0.prefix(12))" } ?? ""
        return "\(run.path) (\(run.record.startedAt)\(commit))"
    }

    private func block(_ subject: GateSubject, _ rows: [GateRow]) -> [String] {
        var table = AlignedColumns(leftColumns: [0, 5])
        table.add([subject.title, "base", "candidate", "change", "interval", "verdict"])
        for row in rows { table.add(fields(row)) }
        let lines = zip(table.lines.dropFirst(), rows).map { painted($0, $1.verdict) }
        return [table.lines[0]] + lines + sketch(subject)
    }

    private func fields(_ row: GateRow) -> [String] {
        let note = row.note.isEmpty ? "" : " (\(row.note))"
        if let counts = row.counts {
            let p = row.pValue.map { "p \(GateRow.shortP($0))" } ?? ""
            return [
                "  " + row.metric.title, counts.base.text, counts.candidate.text, "", p,
                row.verdict.rawValue + note,
            ]
        }
        let shown = { (value: Double?) in value.map(row.metric.shown) ?? "" }
        return [
            "  " + row.metric.title, shown(row.base), shown(row.candidate), row.changeText,
            row.intervalText ?? "", row.verdict.rawValue + note,
        ]
    }

    private func sketch(_ subject: GateSubject) -> [String] {
        guard case .cell(let key) = subject else { return [] }
        let merged = MergedKey(key.scenario, key.sizeBytes)
        guard let base = report.baseTimes[merged], let candidate = report.candidateTimes[merged]
        else { return [] }
        return HistogramSketch([("base", base), ("candidate", candidate)]).lines.map { "  " + $0 }
    }

    private var footnotes: [String] {
        let settings = report.gate.settings
        let level = Readable.percent(settings.alpha)
        var lines = [
            "The round is the sample. Change: Hodges–Lehmann of the rounds' log-ratios; interval:"
                + " exact signed-rank at \(Readable.percent(1 - settings.alpha)).",
            "A regression needs p ≤ \(level) by Holm among \(report.gate.testCount) tests and a"
                + " change beyond its margin.",
        ]
        lines += report.ignoredDifferences.map { "plans differ: \($0.text)" }
        return lines + report.caveats.map { "note: \($0)" }
    }

    private func painted(_ line: String, _ verdict: GateVerdict) -> String {
        guard usesColor else { return line }
        let color: String
        switch verdict {
        case .regression: color = "1;31"
        case .improvement: color = "1;32"
        case .equivalent: color = "32"
        case .inconclusive, .underpowered: color = "33"
        case .notJudged: color = "2"
        }
        return "\u{1B}[\(color)m\(line)\u{1B}[0m"
    }
}
