import Foundation
import Measure
import Synchronization

/// Everything that the shards' files add up to.
struct ShardMerge {
    let summary: SummaryMerge
    let timeline: TimelineMerge
    private let distributions: [HistogramMerge.Prefix: BucketCounts]

    private typealias Uploads = [SummaryMerge.Key: Int]

    /// Reads the shards' files on a few threads, one shard after the other on each; memory holds the
    /// sums, never a file.
    ///
    /// - Parameter progress: called on those threads with the shards that are done.
    init(
        _ shards: [ShardResults], progress: @escaping @Sendable (Int) -> Void
    ) throws(RecordedError) {
        var summary = SummaryMerge()
        var timeline = TimelineMerge()
        var uploads: [Uploads] = []
        for shard in shards {
            uploads.append(try summary.add(file: shard.file("summary.csv"), shard: shard.index))
            try timeline.add(file: shard.file("timeline.csv"))
        }
        let merged = try Self.histograms(shards, uploads, progress)
        (self.summary, self.timeline) = (summary, timeline)
        distributions = Dictionary(
            uniqueKeysWithValues: zip(merged.prefixes, merged.sums.map(\.counts)))
    }

    /// The added histogram of a cell's metric.
    func distribution(_ key: SummaryMerge.Key, _ metric: Metric) -> BucketCounts {
        distributions[key.prefix(metric)] ?? BucketCounts()
    }

    /// `histograms.csv` of the whole.
    var histogramRows: [UInt8] {
        var rows = CSVEncoder()
        Columns.histograms.forEach { rows.field($0) }
        rows.endRow()
        for key in summary.order {
            for metric in Metric.allCases {
                for bucket in distribution(key, metric).buckets {
                    rows.field(key.scenario)
                    rows.field(key.sizeBytes)
                    rows.field(key.round)
                    rows.field(metric.rawValue)
                    rows.field(bucket.lowestUs)
                    rows.field(bucket.highestUs)
                    rows.field(Int64(bucket.count))
                    rows.endRow()
                }
            }
        }
        return rows.bytes
    }

    private static func histograms(
        _ shards: [ShardResults], _ uploads: [Uploads],
        _ progress: @escaping @Sendable (Int) -> Void
    ) throws(RecordedError) -> HistogramMerge {
        let threads = max(1, min(ProcessInfo.processInfo.activeProcessorCount, shards.count, 8))
        let results = Mutex<[Result<HistogramMerge, RecordedError>]>([])
        let done = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            let result = Self.part(shards, uploads, thread, of: threads) {
                progress(done.add(1, ordering: .relaxed).newValue)
            }
            results.withLock { $0.append(result) }
        }
        var merged = HistogramMerge()
        for result in results.withLock({ $0 }) {
            guard merged.add(try result.get()) else {
                throw RecordedError(path: shards[0].path, reason: "the counts are too large to add")
            }
        }
        return merged
    }

    /// Every `threads`-th shard.
    private static func part(
        _ shards: [ShardResults], _ uploads: [Uploads], _ thread: Int, of threads: Int,
        _ progress: () -> Void
    ) -> Result<HistogramMerge, RecordedError> {
        var merge = HistogramMerge()
        do throws(RecordedError) {
            for index in stride(from: thread, to: shards.count, by: threads) {
                let path = shards[index].file("histograms.csv")
                let counts = try merge.add(file: path)
                try check(counts, uploads[index], path)
                progress()
            }
        } catch {
            return .failure(error)
        }
        return .success(merge)
    }

    /// A file that was cut at the end of a line, or edited, has another count than the summary.
    private static func check(
        _ counts: [HistogramMerge.Prefix: UInt64], _ uploads: Uploads, _ path: String
    ) throws(RecordedError) {
        for (key, expected) in uploads {
            let found = counts[key.prefix(.response)] ?? 0
            guard found == UInt64(expected) else {
                throw RecordedError(
                    path: path,
                    reason:
                        "counts \(found) response times of \(key.scenario), round \(key.round), where"
                        + " summary.csv has \(expected) uploads: truncated or edited")
            }
        }
    }
}
