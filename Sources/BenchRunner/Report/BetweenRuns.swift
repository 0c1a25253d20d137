import Foundation

/// How the runs of a page compare: the others with the first, judged as `compare` judges them.
enum BetweenRuns {
    static func figures(_ runs: [ReportRun]) -> [Figure] {
        guard let base = runs.first else { return [] }
        return runs.dropFirst().enumerated().compactMap { index, candidate in
            figure(base, candidate, number: index + 1, isAlone: runs.count == 2)
        }
    }

    private static func figure(
        _ base: ReportRun, _ candidate: ReportRun, number: Int, isAlone: Bool
    ) -> Figure? {
        guard let first = base.recorded, let second = candidate.recorded else { return nil }
        let pairs = PairedRounds(base: first, candidate: second)
        guard !pairs.subjects.isEmpty else { return nil }
        let gate = Gate(pairs, GateSettings())
        let title =
            isAlone
            ? "Ratios with their intervals"
            : "Ratios of \(candidate.name) to \(base.name), with their intervals"
        return RatioFigure.make(
            gate.rows.compactMap(entry).sorted { order($0) < order($1) },
            id: number == 1 ? "ratios" : "ratios-\(number)",
            title: title, margins: margins(gate), notes: notes(base, candidate, gate, pairs),
            findings: gate.rows.filter { $0.metric == .errors && $0.verdict != .equivalent }
                .map(\.sentence))
    }

    private static func notes(
        _ base: ReportRun, _ candidate: ReportRun, _ gate: Gate, _ pairs: PairedRounds
    ) -> [String] {
        guard let first = base.recorded, let second = candidate.recorded else { return [] }
        var notes = [
            "\(candidate.name) over \(base.name), round by round: the Hodges–Lehmann estimate and its exact"
                + " 95% signed-rank interval, judged with Holm's adjustment over \(gate.testCount)"
                + " comparisons, as 'uploadbench compare' does. The band is the margin that matters."
                + " Fewer than \(GateSettings.leastRounds) rounds in common cannot be judged."
        ]
        let differences = PlanDifference.all(first.record, second.record)
        if !differences.isEmpty {
            let texts = differences.prefix(PageLimits.crossovers).map(\.text)
            notes.append(
                "The runs were not told to do the same, so that their ratios are no verdict on a change: "
                    + texts.joined(separator: "; ") + ".")
        }
        // Both runs' files were read to their ends before.
        let caveats = (try? ComparisonCaveats.all(first, second, pairs)) ?? []
        let shown = caveats.prefix(PageLimits.crossovers)
        let more = caveats.count - shown.count
        guard !shown.isEmpty else { return notes }
        let rest = more > 0 ? ", and \(more) more" : ""
        return notes + ["Also: " + shown.joined(separator: "; ") + rest + "."]
    }

    private static func margins(_ gate: Gate) -> [String: ClosedRange<Double>] {
        let pairs = gate.settings.metrics.map { metric in
            // Symmetric in the logarithm, as the gate has it.
            let margin = 1 + gate.settings.margin(metric)
            return (metric.title, (1 / margin)...margin)
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// nil for what is no ratio: errors, and what was not compared.
    private static func entry(_ row: GateRow) -> RatioFigure.Entry? {
        guard row.metric != .errors, let estimate = row.estimate, estimate.isFinite else {
            return nil
        }
        var name = row.subject.title
        var size: Int64?
        if case .cell(let key) = row.subject {
            name = key.scenario
            size = key.sizeBytes
        }
        return RatioFigure.Entry(
            scenario: name, sizeBytes: size, metric: row.metric.title, ratio: exp(estimate),
            interval: row.interval95.map { exp($0.lowerBound)...exp($0.upperBound) },
            verdict: row.verdict.rawValue, tone: tone(row.verdict))
    }

    /// As in the table: by size, then in the strategies' order; metrics keep theirs.
    private static func order(_ entry: RatioFigure.Entry) -> (Int64, Int, String) {
        let strategy = Strategy.names.firstIndex(of: entry.scenario) ?? Strategy.names.count
        return (entry.sizeBytes ?? -1, strategy, entry.scenario)
    }

    private static func tone(_ verdict: GateVerdict) -> ForestPlot.Tone {
        switch verdict {
        case .regression: .bad
        case .improvement: .good
        case .equivalent, .inconclusive, .underpowered, .notJudged: .neutral
        }
    }
}
