/// The non-empty buckets of a histogram alone: what `histograms.csv` holds, small enough to keep
/// thousands of them.
package struct BucketCounts: Sendable, Equatable {
    /// In rising order, each once.
    package private(set) var buckets: [Histogram.Bucket] = []
    package private(set) var totalCount: UInt64 = 0

    package init() {}

    package init(_ histogram: Histogram) {
        buckets = histogram.buckets
        totalCount = histogram.totalCount
    }

    /// - Parameter buckets: in any order; the counts of equal ones are added, as rounds are merged.
    package init(merging buckets: [Histogram.Bucket]) {
        for bucket in buckets.sorted(by: { $0.lowestUs < $1.lowestUs }) {
            totalCount += bucket.count
            guard let last = self.buckets.last, last.lowestUs == bucket.lowestUs else {
                self.buckets.append(bucket)
                continue
            }
            self.buckets[self.buckets.count - 1] = Histogram.Bucket(
                lowestUs: last.lowestUs, highestUs: last.highestUs, count: last.count + bucket.count
            )
        }
    }

    package var isEmpty: Bool { totalCount == 0 }

    /// Of the buckets' middles; nil when empty.
    package var meanUs: Double? {
        guard !isEmpty else { return nil }
        let sum = buckets.reduce(0.0) {
            $0 + Double($1.lowestUs + $1.highestUs) / 2 * Double($1.count)
        }
        return sum / Double(totalCount)
    }

    package mutating func merge(_ other: BucketCounts) {
        guard !other.isEmpty else { return }
        self = isEmpty ? other : BucketCounts(merging: buckets + other.buckets)
    }

    /// As `Histogram.valueUs(atPercentile:)`.
    package func valueUs(atPercentile percentile: Double) -> Int64? {
        guard let last = buckets.last else { return nil }
        // As Histogram has it.
        let target = max(
            1, UInt64(min(max(percentile, 0), 100) * Double(totalCount) / 100 + 0.5))
        var seen: UInt64 = 0
        for bucket in buckets {
            seen += bucket.count
            if seen >= target { return percentile == 0 ? bucket.lowestUs : bucket.highestUs }
        }
        return last.highestUs
    }
}
