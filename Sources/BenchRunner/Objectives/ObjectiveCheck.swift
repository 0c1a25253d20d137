import Foundation
import Measure

/// What objectives are held against: one strategy at one size, all rounds merged.
struct ObjectiveSubject {
    let scenario: String
    let sizeBytes: Int64?
    let uploads: Int
    let errors: Int
    let goodputBytesPerSecond: Double?
    let uploadsPerSecond: Double?
    /// It is there to show that its size is refused: only an objective that names it concerns it.
    var isRefused = false
    let times: (Metric) -> BucketCounts?

    var title: String { "\(scenario) \(sizeBytes.map { Readable.bytes($0) } ?? "files")" }
}

/// One objective held against one subject; without a subject, against a run that has none for it.
struct ObjectiveVerdict {
    let objective: Objective
    /// Strategy and size; nil where nothing was measured that the objective concerns.
    let subject: String?
    /// In the objective's unit; nil where there is no data.
    let value: Double?
    let isMet: Bool
    /// Beside the value, such as that a percentile of few uploads is their maximum.
    var note: String?

    /// As `run.json` has it.
    var object: [String: Any] {
        [
            "objective": objective.text, "subject": subject ?? NSNull(), "value": value ?? NSNull(),
            "met": isMet, "note": note ?? "",
        ]
    }

    /// One line for people.
    var text: String {
        let found = value.map { objective.quantity.shown($0) } ?? "no data"
        let place = subject.map { " (\($0))" } ?? ""
        let rest = note.map { "; \($0)" } ?? ""
        return "\(isMet ? "met" : "MISSED"): \(objective.text)\(place): \(found)\(rest)"
    }
}

extension Objective {
    /// All of `--slo`, `UPLOADBENCH_SLO` or the plan's `slo`.
    static func all(_ settings: Settings) throws(CommandError) -> [Objective] {
        var objectives: [Objective] = []
        for (text, source) in settings.all("slo") {
            objectives.append(try Objective(text, source))
        }
        return objectives
    }

    /// Against what was just measured.
    func verdicts(_ rows: [ComparisonRow]) -> [ObjectiveVerdict] {
        verdicts(rows.map(ObjectiveSubject.init))
    }

    /// Against each subject that it concerns. An objective without any data is missed: silence is
    /// no success.
    func verdicts(_ subjects: [ObjectiveSubject]) -> [ObjectiveVerdict] {
        let concerned = subjects.filter {
            concerns(scenario: $0.scenario, sizeBytes: $0.sizeBytes)
                && (!$0.isRefused || scenario != nil)
        }
        guard !concerned.isEmpty else {
            return [
                ObjectiveVerdict(
                    objective: self, subject: nil, value: nil, isMet: false,
                    note: "nothing was measured that it concerns")
            ]
        }
        return concerned.map(verdict)
    }

    private func verdict(_ subject: ObjectiveSubject) -> ObjectiveVerdict {
        guard let value = value(of: subject) else {
            return ObjectiveVerdict(
                objective: self, subject: subject.title, value: nil, isMet: false,
                note: subject.uploads == 0 ? "no upload succeeded" : nil)
        }
        return ObjectiveVerdict(
            objective: self, subject: subject.title, value: value,
            isMet: relation.holds(value, limit), note: note(subject))
    }

    private func value(of subject: ObjectiveSubject) -> Double? {
        let durations = { (metric: Metric) in
            subject.times(metric).flatMap { $0.isEmpty ? nil : $0 }
        }
        switch quantity {
        case .percentile(let metric, let percentile):
            return durations(metric)?.valueUs(atPercentile: percentile).map(Double.init)
        case .mean(let metric): return durations(metric)?.meanUs
        case .maximum(let metric):
            return durations(metric)?.buckets.last.map { Double($0.highestUs) }
        case .errorShare:
            let all = subject.uploads + subject.errors
            return all > 0 ? Double(subject.errors) / Double(all) : nil
        // What did not happen has no rate, rather than a rate of 0 that some limit would permit.
        case .goodput: return subject.uploads > 0 ? subject.goodputBytesPerSecond : nil
        case .rate: return subject.uploads > 0 ? subject.uploadsPerSecond : nil
        }
    }

    private func note(_ subject: ObjectiveSubject) -> String? {
        guard case .percentile(_, let percentile) = quantity, percentile > 50 else { return nil }
        let needed = Int((1 / (1 - percentile / 100)).rounded())
        guard subject.uploads < needed else { return nil }
        return "of \(subject.uploads) uploads, so it is their maximum"
    }
}

extension ObjectiveSubject {
    fileprivate init(_ row: ComparisonRow) {
        self.init(
            scenario: row.scenario.rawValue, sizeBytes: row.sizeBytes, uploads: row.uploads,
            errors: row.errors, goodputBytesPerSecond: row.goodputBytesPerSecond,
            uploadsPerSecond: row.achievedPerSecond, isRefused: row.isRefused
        ) { row.distributions[$0] }
    }
}

extension ObjectiveVerdict {
    /// Objectives against a recorded run, all its rounds merged.
    static func all(
        _ objectives: [Objective], _ run: RecordedRun
    ) throws(RecordedError) -> [ObjectiveVerdict] {
        let times = try run.mergedDistributions()
        let cells = Dictionary(grouping: run.cells) { MergedKey($0.scenario, $0.sizeBytes) }
        let subjects = cells.map { key, rounds in
            let mean = { (value: (RecordedCell) -> Double?) -> Double? in
                let values = rounds.compactMap(value)
                return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
            }
            // Rounds last equally long, so the mean of their rates is the rate of all.
            return ObjectiveSubject(
                scenario: key.scenario, sizeBytes: key.sizeBytes,
                uploads: rounds.reduce(0) { $0 + $1.uploads },
                errors: rounds.reduce(0) { $0 + $1.errors },
                goodputBytesPerSecond: mean(\.goodputBytesPerSecond),
                uploadsPerSecond: mean(\.achievedPerSecond)
            ) { times[key]?[$0] }
        }
        let sorted = subjects.sorted { $0.title < $1.title }
        return objectives.flatMap { $0.verdicts(sorted) }
    }
}
