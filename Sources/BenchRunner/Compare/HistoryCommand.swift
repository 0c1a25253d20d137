import Foundation
import Measure

/// `compare --history DIR…`
struct HistoryCommand {
    private let settings: Settings
    private let metrics: [GateMetric]
    private let output: ComparisonOutput
    private let detector: EDivisive

    init(
        _ settings: Settings, _ gate: GateSettings, _ output: ComparisonOutput
    ) throws(CommandError) {
        self.settings = settings
        self.output = output
        metrics = gate.metrics.filter { $0 != .errors }
        var detector = EDivisive()
        detector.level = gate.alpha
        detector.seed = try settings.parsed("seed", default: 1) {
            text, source throws(CommandError) in try Quantities.seed(text, source)
        }
        self.detector = detector
    }

    func run(_ paths: [String]) throws(CommandError) -> ExitCode {
        var runs: [RecordedRun] = []
        for path in try Self.directories(paths) { runs.append(try CompareCommand.read(path)) }
        runs.sort { $0.record.startedAt < $1.record.startedAt }
        let pinned = try settings.text("baseline").map(CompareCommand.read)
        guard let baseline = pinned ?? runs.first else {
            throw CommandError(
                exitCode: .nothingToCompare, message: "there are no results in \(paths[0])")
        }
        let isComparable = { (run: RecordedRun) in
            PlanDifference.all(baseline.record, run.record).isEmpty
        }
        let comparable = try settings.isOn("ignore-plan") ? runs : runs.filter(isComparable)
        let least = 2 * detector.minimumSegment
        guard comparable.count >= least else {
            throw CommandError(
                exitCode: .nothingToCompare,
                message: "\(comparable.count) runs have the plan of \(baseline.path); a history"
                    + " needs \(least)")
        }
        let history = History(
            baseline: baseline, runs: comparable, metrics: metrics, detector)
        let left = runs.count - comparable.count
        Terminal.write(
            output.format == .json
                ? HistoryText(history, leftOut: left).json
                : HistoryText(history, leftOut: left).text)
        return .success
    }

    /// A folder without `run.json` stands for those in it that have one.
    private static func directories(_ paths: [String]) throws(CommandError) -> [String] {
        let files = FileManager.default
        return paths.flatMap { path -> [String] in
            if files.fileExists(atPath: path + "/run.json") { return [path] }
            let names = (try? files.contentsOfDirectory(atPath: path)) ?? []
            let inside = names.sorted().map { path + "/" + $0 }
                .filter { files.fileExists(atPath: $0 + "/run.json") }
            // What holds no results is kept, so that reading it says so.
            return inside.isEmpty ? [path] : inside
        }
    }
}

/// A history for a terminal or a program.
struct HistoryText {
    private let history: History
    private let leftOut: Int

    init(_ history: History, leftOut: Int) {
        self.history = history
        self.leftOut = leftOut
    }

    var text: String {
        var lines = ["\(history.runs.count) runs, measured by \(history.baseline.path)"]
        if leftOut > 0 { lines.append("left out, with another plan: \(leftOut)") }
        var table = AlignedColumns(leftColumns: [0, 1, 2])
        for line in history.lines {
            table.add([
                "\(line.subject.title) \(line.metric.title)", sparks(line.logRatios), range(line),
            ])
        }
        lines += [""] + table.lines + [""]
        let changes = history.lines.flatMap { line in line.changes.map { sentence(line, $0) } }
        lines += changes.isEmpty ? ["no change point was found"] : changes
        return lines.joined(separator: "\n")
    }

    var json: String {
        JSONText.render([
            "schema_version": 1, "baseline": history.baseline.path,
            "runs": history.runs.map { ["path": $0.path, "started_at": $0.record.startedAt] },
            "left_out": leftOut,
            "series": history.lines.map { line in
                [
                    "subject": line.subject.title, "metric": line.metric.rawValue,
                    "log_ratios": line.logRatios.map { $0 ?? NSNull() as Any },
                    "change_points": line.changes.map {
                        [
                            "run": history.runs[$0.run].path, "index": $0.run,
                            "p_value": $0.pValue, "log_ratio": $0.logRatio,
                        ] as [String: Any]
                    },
                ] as [String: Any]
            },
        ])
    }

    private func sentence(_ line: History.Line, _ change: History.Change) -> String {
        let run = history.runs[change.run]
        let size = line.metric.change(exp(change.logRatio))
        return "\(line.subject.title) \(line.metric.title): \(size) since \(run.path)"
            + " (\(run.record.startedAt), p \(GateRow.shortP(change.pValue)))"
    }

    private func range(_ line: History.Line) -> String {
        let values = line.logRatios.compactMap { $0 }
        guard let low = values.min(), let high = values.max() else { return "" }
        return "\(GateRow.signed(low)) to \(GateRow.signed(high))"
    }

    private func sparks(_ values: [Double?]) -> String {
        let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
        let there = values.compactMap { $0 }
        guard let low = there.min(), let high = there.max() else { return "" }
        return String(
            values.map { value in
                guard let value else { return " " }
                let share = high > low ? (value - low) / (high - low) : 0.5
                return bars[Int((share * 7).rounded())]
            })
    }
}
