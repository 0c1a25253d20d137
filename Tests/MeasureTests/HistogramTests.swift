import Measure
import Testing

@Suite struct HistogramTests {
    @Test func `an empty histogram has no percentile and no mean`() {
        let histogram = Histogram()
        #expect(histogram.valueUs(atPercentile: 50) == nil)
        #expect(histogram.meanUs == nil)
        #expect(histogram.buckets.isEmpty)
    }

    @Test(arguments: [0, 1, 2047, 2048, 2049, 4095, 4096, 1_000_000, 3_599_999_999] as [Int64])
    func `a value lies in its bucket, which is at most a thousandth of it wide`(value: Int64) throws
    {
        var histogram = Histogram()
        histogram.record(value)
        let bucket = try #require(histogram.buckets.first)
        #expect(bucket.lowestUs <= value && value <= bucket.highestUs)
        #expect((bucket.highestUs - bucket.lowestUs) * 1000 <= max(value, 1))
    }

    @Test func `buckets cover the range without a gap or an overlap`() {
        var histogram = Histogram()
        var value: Int64 = 0
        while value < 20_000 {
            histogram.record(value)
            value += 1
        }
        let buckets = histogram.buckets
        for (left, right) in zip(buckets, buckets.dropFirst()) {
            #expect(left.highestUs + 1 == right.lowestUs)
        }
        #expect(buckets.reduce(0) { $0 + $1.count } == 20_000)
    }

    @Test func `percentiles are those of the sorted values within a bucket`() throws {
        var random = SystemRandomNumberGenerator()
        let values = (0..<10_000).map { _ in Int64.random(in: 1...5_000_000, using: &random) }
        var histogram = Histogram()
        values.forEach { histogram.record($0) }
        let sorted = values.sorted()
        for percentile in [50, 90, 95, 99, 99.9, 100] {
            let rank = max(1, Int(percentile / 100 * Double(sorted.count) + 0.5))
            let exact = sorted[rank - 1]
            let found = try #require(histogram.valueUs(atPercentile: percentile))
            #expect(found >= exact && found - exact <= exact / 1000 + 1)
        }
    }

    @Test func `merging equals recording everything in one`() {
        var (left, right, both) = (Histogram(), Histogram(), Histogram())
        for value in stride(from: Int64(3), to: 900_000, by: 977) {
            if value % 2 == 0 { left.record(value) } else { right.record(value) }
            both.record(value)
        }
        left.merge(right)
        #expect(left == both)
    }

    @Test func `durations beyond an hour count as an hour`() {
        var histogram = Histogram()
        histogram.record(.max)
        #expect(histogram.meanUs == Double(Histogram.highestTrackableUs))
    }

    @Test(arguments: [1, 4040, 77_777, 3_000_000] as [Int64])
    func `no percentile lies outside the minimum and the maximum`(value: Int64) {
        var histogram = Histogram()
        histogram.record(value)
        #expect(histogram.valueUs(atPercentile: 0) == histogram.minimumUs)
        #expect(histogram.valueUs(atPercentile: 100) == histogram.maximumUs)
        #expect(histogram.minimumUs <= value && value <= histogram.maximumUs)
    }

    @Test(arguments: [0, 1, 1000]) func `a packed histogram unpacks to what it was`(count: Int) {
        var histogram = Histogram()
        for index in 0..<Int64(count) { histogram.record(index * index * 3601) }
        #expect(PackedHistogram(histogram).histogram == histogram)
    }

    @Test func `a reset histogram equals a new one`() {
        var histogram = Histogram()
        histogram.record(77)
        histogram.reset()
        #expect(histogram == Histogram())
    }
}
