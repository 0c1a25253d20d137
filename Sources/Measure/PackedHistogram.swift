/// A histogram that is only kept: a few kilobytes in place of 188, so that a run of hundreds of cells
/// needs no more memory than one of a few.
package struct PackedHistogram: Sendable, Equatable {
    private let indices: [UInt16]
    private let counts: [UInt64]
    private let totalCount: UInt64
    private let leastUs: Int64
    private let mostUs: Int64
    private let sumUs: Double

    package init(_ histogram: Histogram) {
        indices = histogram.used.filter { histogram.counts[$0] > 0 }.map { UInt16($0) }
        counts = indices.map { histogram.counts[Int($0)] }
        totalCount = histogram.totalCount
        leastUs = histogram.leastUs
        mostUs = histogram.mostUs
        sumUs = histogram.sumUs
    }

    /// The same histogram as it was.
    package var histogram: Histogram {
        var histogram = Histogram()
        for (index, count) in zip(indices, counts) { histogram.counts[Int(index)] = count }
        histogram.totalCount = totalCount
        histogram.leastUs = leastUs
        histogram.mostUs = mostUs
        histogram.sumUs = sumUs
        return histogram
    }
}
