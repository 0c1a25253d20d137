import Foundation
import Measure
import Testing

@testable import BenchRunner

@Suite struct CrossoverTests {
    private static let mebi = Int64(1_048_576)

    /// - Parameter medians: of each round, in µs.
    static func row(_ strategy: Strategy, _ sizeBytes: Int64, _ medians: [Double]) -> ComparisonRow
    {
        let median = medians.sorted()[medians.count / 2]
        let bucket = Histogram.Bucket(
            lowestUs: Int64(median), highestUs: Int64(median), count: UInt64(medians.count))
        return ComparisonRow(
            scenario: strategy, sizeBytes: sizeBytes, uploads: medians.count, errors: 0,
            failures: [:],
            distributions: [.response: BucketCounts(merging: [bucket])], achievedPerSecond: nil,
            goodputBytesPerSecond: nil, wireBytesPerUpload: nil, requestsPerUpload: nil,
            clientCPUUsPerUpload: nil, gatewayCPUUsPerUpload: nil, gatewayPeakBytes: nil,
            medianUsByRound: Dictionary(
                uniqueKeysWithValues: medians.enumerated().map { ($0 + 1, $1) }),
            isRefused: false)
    }

    private static func rows(
        _ strategy: Strategy, _ times: [(size: Int64, us: Double)], spread: Double = 0.01
    ) -> [ComparisonRow] {
        times.map { time in
            row(strategy, time.size, [-2, 0, 1, 3, -1].map { time.us * (1 + $0 * spread) })
        }
    }

    @Test func `power laws cross where their formulas do`() throws {
        // a·s^1 and b·s^0 cross at b/a; both are straight lines where both scales are logarithmic.
        let proxy = Self.rows(.proxyBinary, [(Self.mebi, 100_000), (16 * Self.mebi, 1_600_000)])
        let direct = Self.rows(.presignedPut, [(Self.mebi, 400_000), (16 * Self.mebi, 400_000)])
        let found = Crossover.all(in: Comparison(rows: proxy + direct))
        let only = try #require(found.first)
        #expect(found.count == 1)
        #expect(only.fasterBelow == .proxyBinary && only.fasterAbove == .presignedPut)
        #expect(abs(only.estimatedBytes / Double(4 * Self.mebi) - 1) < 1e-6)
        #expect(abs(only.estimatedUs / 400_000 - 1) < 1e-6)
        #expect(only.isClear && only.isOfFastest)
        #expect(only.sentence.contains("interpolated"))
        #expect(only.sentence.contains("near 4 MiB. No size between was measured"))
    }

    @Test func `lines that only touch or run side by side do not cross`() {
        let first = Self.rows(.presignedPut, [(Self.mebi, 100_000), (4 * Self.mebi, 200_000)])
        let second = Self.rows(.presignedPost, [(Self.mebi, 100_000), (4 * Self.mebi, 300_000)])
        #expect(Crossover.all(in: Comparison(rows: first + second)).isEmpty)
    }

    @Test func `a change of order within the rounds' noise is not clear`() throws {
        let first = Self.rows(
            .presignedPut, [(Self.mebi, 100_000), (4 * Self.mebi, 200_000)], spread: 0.1)
        var second = Self.rows(.presignedPost, [(Self.mebi, 103_000), (4 * Self.mebi, 190_000)])
        second = second.map { row in
            Self.row(
                row.scenario, row.sizeBytes ?? 0,
                [0.2, -0.2, 0.1, -0.1, 0].map { (row.responseUs(50) ?? 0) * (1 + $0) })
        }
        let found = Crossover.all(in: Comparison(rows: first + second))
        #expect(try #require(found.first).isClear == false)
        let once = [
            Self.row(.presignedPut, Self.mebi, [1]), Self.row(.presignedPost, Self.mebi, [2]),
            Self.row(.presignedPut, 2 * Self.mebi, [5]),
            Self.row(.presignedPost, 2 * Self.mebi, [3]),
        ]
        #expect(Crossover.all(in: Comparison(rows: once)).map(\.isClear) == [false])
    }

    @Test func `a crossing below which a third is faster is not one of the fastest`() throws {
        let rows =
            Self.rows(.proxyBinary, [(Self.mebi, 100_000), (16 * Self.mebi, 1_600_000)])
            + Self.rows(.presignedPut, [(Self.mebi, 400_000), (16 * Self.mebi, 410_000)])
            + Self.rows(.acceleratedPut, [(Self.mebi, 50_000), (16 * Self.mebi, 60_000)])
        let found = Crossover.all(in: Comparison(rows: rows))
        #expect(try #require(found.first).isOfFastest == false)
        #expect(found.count == 1)
    }

    @Test func `a strategy that was refused at one of the sizes crosses nothing there`() {
        let rows =
            Self.rows(.proxyBinary, [(Self.mebi, 100_000)])
            + Self.rows(.presignedPut, [(Self.mebi, 400_000), (16 * Self.mebi, 410_000)])
        #expect(Crossover.all(in: Comparison(rows: rows)).isEmpty)
    }
}
