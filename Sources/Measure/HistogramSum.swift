/// Adds up the buckets of many histograms. Memory grows with the stretch of durations that occur: a
/// page of counters is made when a bucket of it comes.
package struct HistogramSum: Sendable {
    private static let pageBits = 9
    private static let pageSize = 1 << pageBits

    private var pages = [[UInt64]](
        repeating: [], count: (Histogram.counterCount + pageSize - 1) / pageSize)
    package private(set) var totalCount: UInt64 = 0

    package init() {}

    /// Adds one bucket of a histogram.
    ///
    /// - Returns: false, with nothing added, for bounds that no bucket has, and for a sum that is
    ///   larger than a counter.
    package mutating func add(lowestUs: Int64, highestUs: Int64, count: UInt64) -> Bool {
        guard (0...Histogram.highestTrackableUs).contains(lowestUs) else { return false }
        let index = Histogram.index(of: lowestUs)
        guard Histogram.lowest(ofIndex: index) == lowestUs,
            Histogram.highest(ofIndex: index) == highestUs
        else { return false }
        return add(count, at: index)
    }

    package mutating func add(_ other: HistogramSum) -> Bool {
        for (page, counts) in other.pages.enumerated() where !counts.isEmpty {
            for (offset, count) in counts.enumerated() where count > 0 {
                guard add(count, at: page * Self.pageSize + offset) else { return false }
            }
        }
        return true
    }

    private mutating func add(_ count: UInt64, at index: Int) -> Bool {
        let (page, offset) = (index >> Self.pageBits, index & (Self.pageSize - 1))
        if pages[page].isEmpty { pages[page] = [UInt64](repeating: 0, count: Self.pageSize) }
        // The total is at least as large as any counter: it alone has to be watched.
        let (total, isTooLarge) = totalCount.addingReportingOverflow(count)
        guard !isTooLarge, total <= UInt64(Int64.max) else { return false }
        totalCount = total
        pages[page][offset] += count
        return true
    }

    /// The non-empty buckets in rising order.
    package var counts: BucketCounts {
        BucketCounts(
            merging: pages.enumerated().flatMap { page, counts in
                counts.enumerated().compactMap { offset, count in
                    guard count > 0 else { return nil }
                    let index = page * Self.pageSize + offset
                    return Histogram.Bucket(
                        lowestUs: Histogram.lowest(ofIndex: index),
                        highestUs: Histogram.highest(ofIndex: index), count: count)
                }
            })
    }
}
