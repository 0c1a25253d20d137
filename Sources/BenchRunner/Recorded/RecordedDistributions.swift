import Measure

/// Which cell's histogram: those files tell cells apart by strategy, size and round.
struct RoundKey: Hashable, Sendable {
    let scenario: String
    let sizeBytes: Int64?
    let round: Int
}

/// A strategy at a size, all rounds together.
struct MergedKey: Hashable, Sendable {
    let scenario: String
    let sizeBytes: Int64?

    init(_ scenario: String, _ sizeBytes: Int64?) {
        self.scenario = scenario
        self.sizeBytes = sizeBytes
    }
}

/// A row of `timeline.csv`.
struct RecordedSecond: Sendable {
    let key: RoundKey
    /// From the cell's start, warm-up included.
    let second: Int
    let uploads: Int
    let errors: Int
    let bytes: Int64
    let responseP50Us: Double?
    let responseP99Us: Double?
    let inFlight: Int
}

extension RecordedCell {
    var roundKey: RoundKey { RoundKey(scenario: scenario, sizeBytes: sizeBytes, round: round) }
}

extension RecordedRun {
    /// The histograms of one metric by cell.
    func histograms(of metric: Metric) throws(RecordedError) -> [RoundKey: Histogram] {
        var histograms: [RoundKey: Histogram] = [:]
        try eachBucket { key, name, bucket in
            guard name == metric.rawValue else { return }
            histograms[key, default: Histogram()].record(bucket)
        }
        return histograms
    }

    /// The response times of all rounds of each strategy and size together; empty without the file.
    func mergedResponses() throws(RecordedError) -> [MergedKey: BucketCounts] {
        try mergedDistributions().compactMapValues { $0[.response] }
    }

    /// As `mergedResponses`, of every metric.
    func mergedDistributions() throws(RecordedError) -> [MergedKey: [Metric: BucketCounts]] {
        guard has("histograms.csv") else { return [:] }
        var buckets: [MergedKey: [Metric: [Histogram.Bucket]]] = [:]
        try eachBucket { key, name, bucket in
            // A later version may time more.
            guard let metric = Metric(rawValue: name) else { return }
            let merged = MergedKey(key.scenario, key.sizeBytes)
            buckets[merged, default: [:]][metric, default: []].append(bucket)
        }
        return buckets.mapValues { $0.mapValues { BucketCounts(merging: $0) } }
    }

    /// The rows of `timeline.csv` in the file's order.
    func timeline() throws(RecordedError) -> [RecordedSecond] {
        let table = try table("timeline.csv", Columns.timeline)
        let finished = FinishedCells(self)
        var seconds: [RecordedSecond] = []
        while try table.advance() {
            let key = try roundKey(table)
            guard finished.contains(key) else { continue }
            seconds.append(
                RecordedSecond(
                    key: key, second: try table.count(),
                    uploads: try table.count(), errors: try table.count(),
                    bytes: try table.integer(), responseP50Us: try table.optionalDecimal(),
                    responseP99Us: try table.optionalDecimal(), inFlight: try table.count()))
        }
        return seconds
    }

    /// Every row of `histograms.csv`, in the file's order.
    func eachBucket(
        _ body: (RoundKey, String, Histogram.Bucket) -> Void
    ) throws(RecordedError) {
        let table = try table("histograms.csv", Columns.histograms)
        let finished = FinishedCells(self)
        while try table.advance() {
            let key = try roundKey(table)
            guard finished.contains(key) else { continue }
            let metric = try table.name()
            let lowest = try table.integer()
            let highest = try table.integer()
            guard Histogram.bounds(of: lowest) == lowest...max(lowest, highest) else {
                throw table.fault("\(lowest) to \(highest) µs is no bucket of 3 significant digits")
            }
            let count = try table.count(from: 1)
            body(
                key, metric,
                Histogram.Bucket(lowestUs: lowest, highestUs: highest, count: UInt64(count)))
        }
    }

    func roundKey(_ table: RecordedTable) throws(RecordedError) -> RoundKey {
        RoundKey(
            scenario: try table.name(), sizeBytes: try table.optionalInteger(),
            round: try table.count(from: 1))
    }
}
