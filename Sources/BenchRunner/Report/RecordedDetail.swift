import Measure
import Presign

/// The large files of a results directory, gathered by strategy and size in memory that grows with
/// the cells and not with the uploads; and held against `summary.csv`, because a file that was cut at
/// the end of a line looks whole.
struct RecordedDetail {
    /// A strategy at a size, all rounds together.
    struct Group: Hashable {
        let scenario: String
        let sizeBytes: Int64?
    }

    private(set) var distributions: [Group: [Metric: BucketCounts]] = [:]
    private(set) var medianUsByRound: [Group: [Int: Double]] = [:]
    private(set) var seconds: [Group: [TimelineFigure.Second]] = [:]
    private(set) var timeSpent: [Group: TimeSpent] = [:]
    private(set) var failures: [Group: [CellMeasurements.Failure: Int]] = [:]
    /// What is missing, of a run that was cut off.
    private(set) var warnings: [String] = []

    private let run: RecordedRun
    private let isForResuming: Bool
    private var cells: [RoundKey: RecordedCell] = [:]

    /// - Parameter isForResuming: holds also a run that was cut off to its finished cells.
    /// - Throws: where a file is damaged or does not belong to the others.
    init(_ run: RecordedRun, isForResuming: Bool = false) throws(RecordedError) {
        self.run = run
        self.isForResuming = isForResuming
        for cell in run.cells { cells[cell.roundKey] = cell }
        if !run.cells.isEmpty || run.has("histograms.csv") { try readHistograms() }
        if run.has("timeline.csv") { try readTimeline() } else { missing("timeline.csv") }
        if run.has("samples.csv") { try readSamples() } else { missing("samples.csv") }
        if run.has("samples.csv"), !holdsAllSamples, !run.cells.isEmpty {
            warnings.append(
                "samples.csv holds a part of the uploads only: where the time goes, and the classes of"
                    + " failures, are of that part. All other figures count every upload.")
        }
    }

    private mutating func missing(_ name: String) {
        guard !run.cells.isEmpty else { return }
        warnings.append("\(name) is not there: what is made of it is left out.")
    }

    private mutating func readHistograms() throws(RecordedError) {
        var buckets: [RoundKey: [Metric: [Histogram.Bucket]]] = [:]
        try run.eachBucket { key, name, bucket in
            guard let metric = Metric(rawValue: name) else { return }
            buckets[key, default: [:]][metric, default: []].append(bucket)
        }
        for (key, metrics) in buckets {
            let group = Group(scenario: key.scenario, sizeBytes: key.sizeBytes)
            for (metric, buckets) in metrics {
                let counts = BucketCounts(merging: buckets)
                distributions[group, default: [:]][metric, default: BucketCounts()].merge(counts)
                guard metric == .response else { continue }
                let median = counts.valueUs(atPercentile: 50)
                medianUsByRound[group, default: [:]][key.round] = median.map(Double.init)
            }
        }
        try check("histograms.csv", "uploads", counted: { $0.uploads }) { key in
            Int(buckets[key]?[.response]?.reduce(0) { $0 + $1.count } ?? 0)
        }
        try checkKnown("histograms.csv", Set(buckets.keys))
    }

    private mutating func readTimeline() throws(RecordedError) {
        for second in try run.timeline() {
            let group = Group(scenario: second.key.scenario, sizeBytes: second.key.sizeBytes)
            seconds[group, default: []].append(
                TimelineFigure.Second(
                    round: second.key.round, second: second.second, uploads: second.uploads,
                    errors: second.errors, p50Us: second.responseP50Us,
                    p99Us: second.responseP99Us))
        }
    }

    private mutating func readSamples() throws(RecordedError) {
        let samples = try run.samples()
        let mixed = Set(run.cells.filter { $0.sizeBytes == nil }.map(\.scenario))
        var counted: [RoundKey: Int] = [:]
        while let sample = try samples.next() {
            guard !sample.isWarmup, ![.cancelled, .overflow].contains(sample.outcome) else {
                continue
            }
            let size = mixed.contains(sample.scenario) ? nil : sample.sizeBytes
            let key = RoundKey(scenario: sample.scenario, sizeBytes: size, round: sample.round)
            counted[key, default: 0] += 1
            add(sample, to: Group(scenario: sample.scenario, sizeBytes: size))
        }
        try checkKnown("samples.csv", Set(counted.keys))
        guard holdsAllSamples else { return }
        try check("samples.csv", "errors", counted: { $0.uploads + $0.errors }) { counted[$0] ?? 0 }
    }

    /// Did every upload get a row in `samples.csv`? What is made of a part of them says so.
    private var holdsAllSamples: Bool {
        let choice = run.record.plan["samples"]?.string ?? SampleChoice.all.text
        let dropped = run.record.json["samples_dropped"]?.integer ?? 0
        return choice == SampleChoice.all.text && dropped == 0
    }

    private mutating func add(_ sample: RecordedSample, to group: Group) {
        guard sample.hasFailed else {
            guard let strategy = Strategy(rawValue: group.scenario) else { return }
            let empty = TimeSpent(strategy: strategy, sizeBytes: group.sizeBytes)
            timeSpent[group, default: empty].add(sample)
            return
        }
        let failure = CellMeasurements.Failure(
            outcome: sample.outcome, httpStatus: sample.httpStatus, errorCode: sample.errorCode)
        let known = failures[group] ?? [:]
        guard known[failure] != nil || known.count < PageLimits.failureClasses else { return }
        failures[group, default: [:]][failure, default: 0] += 1
    }

    /// Does the file hold as many uploads as the summary counts? One of a complete run must; of a run
    /// that was cut off, the last cell may be missing there.
    private mutating func check(
        _ name: String, _ column: String, counted: (RecordedCell) -> Int,
        found: (RoundKey) -> Int
    ) throws(RecordedError) {
        for cell in run.cells {
            let (wanted, held) = (counted(cell), found(cell.roundKey))
            guard wanted != held else { continue }
            let reason =
                "round \(cell.round) of \(cell.key.title) counts \(wanted) here and \(held) in \(name):"
                + " one of the two was cut or edited"
            guard !run.record.isComplete, !isForResuming || cell.isCutOff else {
                throw RecordedError(
                    path: run.file("summary.csv"), line: cell.line, column: column, reason: reason)
            }
            warnings.append("summary.csv, line \(cell.line): \(reason).")
        }
    }

    /// Is every cell of a file in the summary too? Of a run that was cut off, the last may not be.
    private func checkKnown(_ name: String, _ keys: Set<RoundKey>) throws(RecordedError) {
        guard run.record.isComplete else { return }
        let strange = keys.filter { cells[$0] == nil }
            .min { ($0.round, $0.scenario) < ($1.round, $1.scenario) }
        guard let strange else { return }
        let size = FigureText.size(strange.sizeBytes)
        throw RecordedError(
            path: run.file("summary.csv"), column: "round",
            reason:
                "round \(strange.round) of \(strange.scenario) \(size) is missing here and stands in"
                + " \(name): one of the two was cut or edited")
    }
}
