import Foundation
import Measure

/// Two runs compared: every metric of every cell that both have, and what follows from all.
struct Gate {
    let settings: GateSettings
    let rows: [GateRow]

    init(_ pairs: PairedRounds, _ settings: GateSettings) {
        self.settings = settings
        var rows = pairs.subjects.flatMap { subject in
            settings.metrics.compactMap { Self.measured($0, of: subject, settings) }
        }
        let tested = rows.indices.filter { rows[$0].pValue != nil }
        let adjusted = Holm.adjusted(tested.map { rows[$0].pValue ?? 1 })
        for (index, pValue) in zip(tested, adjusted) { rows[index].adjustedPValue = pValue }
        for index in tested { rows[index].judge(settings, testCount: tested.count) }
        self.rows = rows
    }

    /// How many were tested, among which Holm's adjustment shares the level.
    var testCount: Int { rows.count { $0.pValue != nil } }

    func rows(_ verdict: GateVerdict) -> [GateRow] { rows.filter { $0.verdict == verdict } }

    /// A regression anywhere is one; without any, all that was tested has to be decided.
    var verdict: GateVerdict {
        if !rows(.regression).isEmpty { return .regression }
        // That no errors were added says little where nothing else could be judged.
        let judgesErrorsOnly = settings.metrics == [.errors]
        guard rows.contains(where: { $0.pValue != nil && ($0.counts == nil || judgesErrorsOnly) })
        else { return .notJudged }
        if !rows(.underpowered).isEmpty { return .underpowered }
        if !rows(.inconclusive).isEmpty { return .inconclusive }
        return rows(.improvement).isEmpty ? .equivalent : .improvement
    }

    var exitCode: ExitCode {
        switch verdict {
        case .regression: .regression
        case .equivalent, .improvement: .success
        case .inconclusive, .underpowered, .notJudged: .inconclusive
        }
    }

    /// nil where neither run has the metric at all.
    private static func measured(
        _ metric: GateMetric, of subject: PairedRounds.Subject, _ settings: GateSettings
    ) -> GateRow? {
        if metric == .errors { return errors(of: subject) }
        let pairs = subject.pairs(metric)
        let isTooSmall = metric.percentile != nil && subject.fewestUploads < metric.uploadsNeeded
        guard !pairs.isEmpty || isTooSmall else { return nil }
        let differences = pairs.map { log($0.candidate) - log($0.base) }
        var row = GateRow(
            subject: subject.subject, metric: metric, base: Series.median(pairs.map(\.base)),
            candidate: Series.median(pairs.map(\.candidate)), differences: differences)
        row.estimate = SignedRank.estimate(differences)
        guard differences.count >= GateSettings.leastRounds else {
            row.note = tooFew(metric, differences.count, subject)
            return row
        }
        row.interval95 = SignedRank.interval(differences, confidence: 1 - settings.alpha)
        row.interval90 = SignedRank.interval(differences, confidence: 1 - 2 * settings.alpha)
        row.pValue = SignedRank.pValue(differences)
        if isTooSmall {
            row.note =
                "\(subject.common.count - differences.count) of \(subject.common.count) rounds"
                + " left out: \(metric.rawValue) needs \(metric.uploadsNeeded) uploads in each"
        }
        return row
    }

    private static func tooFew(
        _ metric: GateMetric, _ rounds: Int, _ subject: PairedRounds.Subject
    ) -> String {
        if metric.percentile != nil, subject.fewestUploads < metric.uploadsNeeded,
            subject.common.count >= GateSettings.leastRounds
        {
            return
                "\(metric.rawValue) needs \(metric.uploadsNeeded) uploads per round; the smallest"
                + " round has \(subject.fewestUploads): raise -n or -d"
        }
        return "\(rounds) paired round\(rounds == 1 ? "" : "s"); fewer than"
            + " \(GateSettings.leastRounds) cannot be judged: run --rounds 10 or more"
    }

    /// Counts need no rounds: Fisher's test is of the uploads themselves.
    private static func errors(of subject: PairedRounds.Subject) -> GateRow? {
        guard case .cell = subject.subject else { return nil }
        let counts = subject.errorCounts
        var row = GateRow(
            subject: subject.subject, metric: .errors, base: counts.base.share,
            candidate: counts.candidate.share, differences: [], counts: counts)
        guard counts.base.uploads > 0, counts.candidate.uploads > 0 else {
            row.note = "no upload ended"
            return row
        }
        row.pValue = FisherExact.pValue(
            hits: counts.candidate.errors, of: counts.candidate.uploads,
            against: counts.base.errors, of: counts.base.uploads)
        return row
    }
}
