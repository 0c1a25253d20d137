import Foundation
import Measure
import Testing

/// Held to HdrHistogram's Python port (PyPI hdrhistogram), which wrote the fixture.
@Suite struct HistogramReferenceTests {
    private struct Case: Decodable {
        let name: String
        let values: [Int64]
        let percentiles: [[Double]]
        let minimum: Int64
        let maximum: Int64
        /// Where the iterator comes from, the bucket's highest value, its count.
        let buckets: [[Int64]]
    }

    private func cases() throws -> [Case] {
        let url = try #require(
            Bundle.module.url(
                forResource: "hdrhistogram", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode([Case].self, from: Data(contentsOf: url))
    }

    private func histogram(_ values: some Sequence<Int64>) -> Histogram {
        var histogram = Histogram()
        for value in values { histogram.record(value) }
        return histogram
    }

    @Test func `percentiles, extremes and buckets are the reference's`() throws {
        let cases = try cases()
        #expect(cases.count >= 7)
        for item in cases {
            let histogram = histogram(item.values)
            for pair in item.percentiles {
                #expect(
                    histogram.valueUs(atPercentile: pair[0]) == Int64(pair[1]),
                    "p\(pair[0]) of \(item.name)")
            }
            #expect(histogram.minimumUs == item.minimum)
            #expect(histogram.maximumUs == item.maximum)
            #expect(histogram.buckets.map(\.highestUs) == item.buckets.map { $0[1] })
            #expect(histogram.buckets.map { Int64($0.count) } == item.buckets.map { $0[2] })
        }
    }

    @Test func `parts merged are the whole's`() throws {
        for item in try cases() {
            var merged = Histogram()
            for part in 0..<3 {
                let values = item.values.enumerated().filter { $0.offset % 3 == part }
                merged.merge(histogram(values.map(\.element)))
            }
            for pair in item.percentiles {
                #expect(merged.valueUs(atPercentile: pair[0]) == Int64(pair[1]))
            }
        }
    }
}
