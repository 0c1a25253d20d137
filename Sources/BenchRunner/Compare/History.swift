import Foundation
import Measure

/// Many runs of the same plan against one of them, to see when something changed. Not a gate.
struct History {
    struct Line {
        let subject: GateSubject
        let metric: GateMetric
        /// ln of the run's median over that of the baseline; nil where the run has none.
        let logRatios: [Double?]
        let changes: [Change]
    }

    struct Change {
        /// Of the first run after the change, in the order of all runs.
        let run: Int
        let pValue: Double
        /// ln of the median after the change over the median before it.
        let logRatio: Double
    }

    let baseline: RecordedRun
    /// In the order of their start.
    let runs: [RecordedRun]
    let lines: [Line]

    init(
        baseline: RecordedRun, runs: [RecordedRun], metrics: [GateMetric], _ detector: EDivisive
    ) {
        self.baseline = baseline
        self.runs = runs
        let reference = Self.medians(baseline, metrics)
        let medians = runs.map { Self.medians($0, metrics) }
        lines = reference.sorted { $0.key.title < $1.key.title }.flatMap { subject, values in
            metrics.compactMap { metric in
                guard let base = values[metric] else { return nil }
                let ratios = medians.map { $0[subject]?[metric].map { log($0 / base) } }
                return Line(
                    subject: subject, metric: metric, logRatios: ratios,
                    changes: Self.changes(ratios, detector))
            }
        }
    }

    private static func changes(_ ratios: [Double?], _ detector: EDivisive) -> [Change] {
        let there = ratios.enumerated().compactMap { run, ratio in ratio.map { (run, $0) } }
        let values = there.map(\.1)
        let points = detector.changePoints(values)
        let bounds = [0] + points.map(\.index) + [values.count]
        return points.enumerated().map { position, point in
            let before = Series.median(Array(values[bounds[position]..<point.index])) ?? 0
            let after = Series.median(Array(values[point.index..<bounds[position + 2]])) ?? 0
            return Change(
                run: there[point.index].0, pValue: point.pValue, logRatio: after - before)
        }
    }

    private static func medians(
        _ run: RecordedRun, _ metrics: [GateMetric]
    ) -> [GateSubject: [GateMetric: Double]] {
        PairedRounds(base: run, candidate: run).subjects.reduce(into: [:]) { all, subject in
            for metric in metrics {
                let values = subject.pairs(metric).map(\.base)
                all[subject.subject, default: [:]][metric] = Series.median(values)
            }
        }
    }
}
