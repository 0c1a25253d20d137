import Measure
import Testing

@Suite struct BucketCountsTests {
    @Test func `percentiles of buckets are those of the histogram that they came from`() {
        var random = SeededRandom(seed: 7)
        var histogram = Histogram()
        for _ in 0..<1000 { histogram.record(Int64.random(in: 0...9_000_000, using: &random)) }
        let counts = BucketCounts(histogram)
        for percentile in [0, 0.1, 25, 50, 90, 99, 99.9, 100] {
            #expect(
                counts.valueUs(atPercentile: percentile)
                    == histogram.valueUs(atPercentile: percentile))
        }
    }

    @Test func `merging adds the counts of equal buckets, in any order`() {
        var (first, second, both) = (Histogram(), Histogram(), Histogram())
        for value: Int64 in [900_000, 5, 5, 70] { first.record(value) }
        for value: Int64 in [70, 3_000_000_000, 6] { second.record(value) }
        both.merge(first)
        both.merge(second)
        var merged = BucketCounts(first)
        merged.merge(BucketCounts(second))
        #expect(merged == BucketCounts(both))
        #expect(
            BucketCounts(merging: (first.buckets + second.buckets).reversed()) == BucketCounts(both)
        )
        #expect(BucketCounts().valueUs(atPercentile: 50) == nil)
    }
}
