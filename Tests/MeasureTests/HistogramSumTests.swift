import Testing

@testable import Measure

@Suite struct HistogramSumTests {
    @Test func `added buckets are the merged histogram's`() {
        var random = SeededRandom(seed: 3)
        var (merged, sum) = (Histogram(), HistogramSum())
        for _ in 0..<5 {
            var part = Histogram()
            for _ in 0..<1000 { part.record(Int64(random.next() % 3_700_000_000)) }
            merged.merge(part)
            for bucket in part.buckets {
                let isAdded = sum.add(
                    lowestUs: bucket.lowestUs, highestUs: bucket.highestUs, count: bucket.count)
                #expect(isAdded)
            }
        }
        #expect(sum.counts.buckets == merged.buckets)
        #expect(sum.totalCount == 5000)
        for percentile in [0, 50, 99, 99.9, 100] {
            #expect(
                sum.counts.valueUs(atPercentile: percentile)
                    == merged.valueUs(atPercentile: percentile))
        }
    }

    @Test func `sums of sums are the sum`() {
        var (left, right, whole) = (HistogramSum(), HistogramSum(), HistogramSum())
        for value in [1, 5, 5, 2047, 9_999] as [Int64] {
            if value % 2 == 0 { add(value, to: &left) } else { add(value, to: &right) }
            add(value, to: &whole)
        }
        let isAdded = left.add(right)
        #expect(isAdded)
        #expect(left.counts == whole.counts)
    }

    @Test(arguments: [(10, 11), (4096, 4096), (-1, -1), (3_600_000_001, 3_600_000_002)])
    func `bounds of no bucket are refused and count nothing`(lowest: Int64, highest: Int64) {
        var sum = HistogramSum()
        let isAdded = sum.add(lowestUs: lowest, highestUs: highest, count: 1)
        #expect(!isAdded)
        #expect(sum.totalCount == 0)
    }

    @Test func `a count too large for a counter is refused`() {
        var sum = HistogramSum()
        let isFirstAdded = sum.add(lowestUs: 1, highestUs: 1, count: UInt64(Int64.max))
        let isSecondAdded = sum.add(lowestUs: 2, highestUs: 2, count: 1)
        #expect(isFirstAdded && !isSecondAdded)
    }

    private func add(_ value: Int64, to sum: inout HistogramSum) {
        let bounds = Histogram.bounds(of: value)
        let isAdded = sum.add(
            lowestUs: bounds.lowerBound, highestUs: bounds.upperBound, count: 2)
        #expect(isAdded)
    }
}
