/// Counts of durations in HdrHistogram's layout: 3 significant digits from 1 µs to 1 hour.
///
/// Recording touches one counter and never allocates. Merging adds counts, so percentiles of many
/// workers or machines are those of all their samples together.
package struct Histogram: Sendable, Equatable {
    /// The largest duration that is told apart; longer ones count as this one. One hour, in µs.
    package static let highestTrackableUs: Int64 = 3_600_000_000

    /// log2 of 2048, the first power of two above 2 × 10³, which 3 significant digits need
    /// (HdrHistogram, "subBucketCount").
    private static let subBucketBits = 11
    private static let subBucketCount = 1 << subBucketBits
    private static let subBucketHalfCount = subBucketCount / 2
    /// The smallest number of doublings of 2048 that reaches `highestTrackableUs`, and the first.
    private static let bucketCount = 22
    /// Counters in all.
    static let counterCount = (bucketCount + 1) * subBucketHalfCount

    var counts: [UInt64]
    package internal(set) var totalCount: UInt64 = 0
    var leastUs: Int64 = 0
    var mostUs: Int64 = 0
    var sumUs: Double = 0

    package init() {
        counts = [UInt64](repeating: 0, count: Self.counterCount)
    }

    package var isEmpty: Bool { totalCount == 0 }

    /// The bounds of the outermost buckets, as HdrHistogram has them: no percentile lies outside.
    package var minimumUs: Int64 { Self.lowest(ofIndex: Self.index(of: leastUs)) }
    package var maximumUs: Int64 { Self.highest(ofIndex: Self.index(of: mostUs)) }

    /// Exact; nil when empty.
    package var meanUs: Double? { isEmpty ? nil : sumUs / Double(totalCount) }

    /// Counts a duration `count` times; negative ones (a clock that stepped) count as 0.
    package mutating func record(_ microseconds: Int64, count: UInt64 = 1) {
        let value = max(0, min(microseconds, Self.highestTrackableUs))
        counts[Self.index(of: value)] += count
        leastUs = isEmpty ? value : min(leastUs, value)
        mostUs = max(mostUs, value)
        sumUs += Double(value) * Double(count)
        totalCount += count
    }

    package mutating func merge(_ other: Histogram) {
        guard !other.isEmpty else { return }
        for index in other.used { counts[index] += other.counts[index] }
        leastUs = isEmpty ? other.leastUs : min(leastUs, other.leastUs)
        mostUs = max(mostUs, other.mostUs)
        sumUs += other.sumUs
        totalCount += other.totalCount
    }

    /// Forgets everything, keeping the memory.
    package mutating func reset() {
        guard !isEmpty else { return }
        let used = used
        counts.withUnsafeMutableBufferPointer { $0[used].update(repeating: 0) }
        totalCount = 0
        (leastUs, mostUs, sumUs) = (0, 0, 0)
    }

    /// The largest value of the bucket that holds the given share of all samples, in µs, as
    /// HdrHistogram's getValueAtPercentile; nil when empty.
    ///
    /// - Parameter percentile: 0…100.
    package func valueUs(atPercentile percentile: Double) -> Int64? {
        guard !isEmpty else { return nil }
        // In the reference's order of operations, so that both round alike.
        let target = max(
            1, UInt64(min(max(percentile, 0), 100) * Double(totalCount) / 100 + 0.5))
        var seen: UInt64 = 0
        for index in used {
            seen += counts[index]
            if seen >= target {
                return percentile == 0 ? Self.lowest(ofIndex: index) : Self.highest(ofIndex: index)
            }
        }
        return maximumUs
    }

    /// A bucket that is not empty: its bounds in µs, both inclusive, and its count.
    package struct Bucket: Sendable, Equatable {
        package let lowestUs: Int64
        package let highestUs: Int64
        package let count: UInt64

        package init(lowestUs: Int64, highestUs: Int64, count: UInt64) {
            self.lowestUs = lowestUs
            self.highestUs = highestUs
            self.count = count
        }
    }

    /// Adds a bucket of another histogram, as its middle: the mean is then that of the middles.
    package mutating func record(_ bucket: Bucket) {
        record((bucket.lowestUs + bucket.highestUs) / 2, count: bucket.count)
    }

    /// The bounds of the bucket that a duration falls into, in µs.
    package static func bounds(of microseconds: Int64) -> ClosedRange<Int64> {
        let index = index(of: max(0, min(microseconds, highestTrackableUs)))
        return lowest(ofIndex: index)...highest(ofIndex: index)
    }

    /// The non-empty buckets in rising order.
    package var buckets: [Bucket] {
        used.compactMap { index in
            guard counts[index] > 0 else { return nil }
            return Bucket(
                lowestUs: Self.lowest(ofIndex: index), highestUs: Self.highest(ofIndex: index),
                count: counts[index])
        }
    }

    /// Where counts can be other than 0: a small part of all, as a rule.
    var used: Range<Int> {
        isEmpty ? 0..<0 : Self.index(of: leastUs)..<(Self.index(of: mostUs) + 1)
    }

    /// Which of the doublings of 2048 µs a value falls into, from its leading bit.
    private static func bucket(of value: Int64) -> Int {
        let magnitude = UInt64(value) | UInt64(subBucketCount - 1)
        return 64 - magnitude.leadingZeroBitCount - subBucketBits
    }

    static func index(of value: Int64) -> Int {
        let bucket = bucket(of: value)
        let subBucket = Int(value >> Int64(bucket))
        return (bucket + 1) * subBucketHalfCount + subBucket - subBucketHalfCount
    }

    static func lowest(ofIndex index: Int) -> Int64 {
        let (bucket, subBucket) = position(ofIndex: index)
        return Int64(subBucket) << Int64(bucket)
    }

    static func highest(ofIndex index: Int) -> Int64 {
        let (bucket, subBucket) = position(ofIndex: index)
        return (Int64(subBucket + 1) << Int64(bucket)) - 1
    }

    /// The first bucket has 2048 entries of 1 µs; each later one adds only its upper half.
    private static func position(ofIndex index: Int) -> (bucket: Int, subBucket: Int) {
        let bucket = index / subBucketHalfCount - 1
        let subBucket = index % subBucketHalfCount + subBucketHalfCount
        return bucket < 0 ? (0, subBucket - subBucketHalfCount) : (bucket, subBucket)
    }
}
