/// A histogram that is only kept: a few kilobytes in place of 188, so that a run of hundreds of cells
/// needs no more memory than one of a few.
package struct PackedHistogram: Sendable, Equatable {
    private struct Counter: Equatable {
        let index: UInt16
        let count: UInt64
    }

    private let counters: [Counter]
    private let totalCount: UInt64
    private let leastUs: Int64
    private let mostUs: Int64
    private let sumUs: Double

    package init(_ histogram: Histogram) {
        counters = histogram.used.compactMap { index in
            let count = histogram.counts[index]
            return count > 0 ? Counter(index: UInt16(index), count: count) : nil
        }
        totalCount = histogram.totalCount
        leastUs = histogram.leastUs
        mostUs = histogram.mostUs
        sumUs = histogram.sumUs
    }

    /// The same histogram as it was.
    package var histogram: Histogram {
        var histogram = Histogram()
        for counter in counters { histogram.counts[Int(counter.index)] = counter.count }
        histogram.totalCount = totalCount
        histogram.leastUs = leastUs
        histogram.mostUs = mostUs
        histogram.sumUs = sumUs
        return histogram
    }
}
