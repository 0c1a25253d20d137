import Foundation
import Measure

/// A comparison with all that a reader of it needs, however it is then written.
struct GateReport {
    let base: RecordedRun
    let candidate: RecordedRun
    let gate: Gate
    /// Response times of all rounds, for sketches.
    let baseTimes: [MergedKey: BucketCounts]
    let candidateTimes: [MergedKey: BucketCounts]
    /// What the reader must know: drift, other machines, rounds without a partner.
    let caveats: [String]
    /// Plans that differ and were to be compared all the same.
    let ignoredDifferences: [PlanDifference]

    /// - Parameter ignoresPlan: compare what was not told to do the same.
    /// - Throws: exit code 5 where there is nothing that both runs have, or the plans differ.
    init(
        base: RecordedRun, candidate: RecordedRun, _ settings: GateSettings, ignoresPlan: Bool
    ) throws(CommandError) {
        let differences = PlanDifference.all(base.record, candidate.record)
        guard differences.isEmpty || ignoresPlan else {
            throw CommandError(
                exitCode: .nothingToCompare,
                message: "the runs did not do the same; --ignore-plan compares them all the same\n"
                    + differences.map { "  " + $0.text }.joined(separator: "\n"))
        }
        let pairs = PairedRounds(base: base, candidate: candidate)
        guard !pairs.subjects.isEmpty else {
            throw CommandError(
                exitCode: .nothingToCompare,
                message: "\(base.path) and \(candidate.path) have no strategy and size in common")
        }
        self.base = base
        self.candidate = candidate
        do throws(RecordedError) {
            try base.checkWholeness()
            try candidate.checkWholeness()
            baseTimes = try base.mergedResponses()
            candidateTimes = try candidate.mergedResponses()
        } catch {
            throw error.commandError
        }
        gate = Gate(pairs, settings.split(by: base, candidate))
        do throws(RecordedError) {
            caveats = try ComparisonCaveats.all(base, candidate, pairs)
        } catch {
            throw error.commandError
        }
        ignoredDifferences = differences
    }

    /// In the order in which the runs have them.
    var subjects: [(subject: GateSubject, rows: [GateRow])] {
        var order: [GateSubject] = []
        for row in gate.rows where !order.contains(row.subject) { order.append(row.subject) }
        return order.map { subject in (subject, gate.rows.filter { $0.subject == subject }) }
    }

    /// All that is to be said before the figures: the verdict, and each regression.
    var headlines: [String] { [headline] + gate.rows(.regression).map(\.sentence) }

    /// The verdict of the whole.
    var headline: String {
        let tested = gate.testCount
        let count = { (verdict: GateVerdict) in gate.rows(verdict).count }
        let undecided = count(.inconclusive) + count(.underpowered)
        switch gate.verdict {
        case .regression:
            return "REGRESSION: \(count(.regression)) of \(tested) comparisons are worse beyond the"
                + " margin, and not by chance"
        case .improvement:
            return "IMPROVEMENT: \(count(.improvement)) of \(tested) comparisons are better beyond"
                + " the margin, none is worse"
        case .equivalent:
            return "EQUIVALENT: all \(tested) comparisons lie within the margins"
        case .inconclusive:
            return
                "INCONCLUSIVE: no regression found, but \(undecided) of \(tested) comparisons are"
                + " not decided"
        case .underpowered:
            let needed = gate.rows(.underpowered).compactMap(\.roundsNeeded).max()
            let advice = needed.map { "; \($0) rounds would decide it" } ?? ""
            return
                "UNDERPOWERED: no regression found, but \(undecided) of \(tested) comparisons are"
                + " not decided\(advice)"
        case .notJudged:
            return
                "NOT JUDGED: \(gate.rows.first { !$0.note.isEmpty }?.note ?? "no upload succeeded")"
        }
    }
}

extension GateSettings {
    /// Within `run --against` the level was split among its looks; each look has its share only.
    fileprivate func split(by base: RecordedRun, _ candidate: RecordedRun) -> GateSettings {
        guard ComparisonCaveats.areInterleaved(base, candidate),
            let looks = candidate.record.interleaved?.looks, looks > 1
        else { return self }
        var settings = self
        settings.alpha = alpha / Double(looks)
        return settings
    }
}

extension GateRow {
    /// `+8.9% to +13.4%`, of the 95% interval; nil without one.
    var intervalText: String? {
        interval95.map { "\(Self.signed($0.lowerBound)) to \(Self.signed($0.upperBound))" }
    }

    var changeText: String { estimate.map(Self.signed) ?? "" }

    /// A logarithm of a ratio as a change: `+11.2%`.
    static func signed(_ logarithm: Double) -> String {
        let percent = (Self.ratio(logarithm) - 1) * 100
        let text = Readable.number(abs(percent))
        return (Double(text) == 0 ? "±" : percent < 0 ? "−" : "+") + text + "%"
    }

    /// One sentence for a person who reads nothing else.
    var sentence: String {
        let word = verdict.rawValue
        guard let counts else {
            let change = estimate.map { metric.change(Self.ratio($0)) } ?? "not compared"
            let interval = intervalText.map { " (interval \($0))" } ?? ""
            return "\(word): \(title) is \(change)\(interval)" + (note.isEmpty ? "" : "; \(note)")
        }
        return "\(word): \(title): \(counts.candidate.text), against \(counts.base.text) before"
            + (pValue.map { " (p \(Self.shortP($0)))" } ?? "")
    }

    static func shortP(_ p: Double) -> String {
        p < 0.0001 ? "< 0.0001" : p >= 0.9999 ? "= 1" : "= " + Readable.significant(p)
    }

    static func ratio(_ logarithm: Double) -> Double { exp(logarithm) }
}

extension ErrorCount {
    var text: String { "\(errors) of \(uploads)" }
}

extension Readable {
    /// Two digits that matter, of a share below 1.
    static func significant(_ value: Double) -> String {
        String(
            format: value < 0.001 ? "%.5f" : value < 0.01 ? "%.4f" : value < 0.1 ? "%.3f" : "%.2f",
            value)
    }
}
