import Foundation
import Measure

/// Distributions one above the other as a row of bars, over the same range on a logarithmic axis.
struct HistogramSketch {
    let lines: [String]
    private static let bars: [Character] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
    static let width = 40

    /// - Parameter distributions: with their names; those without a value are left out.
    init(_ distributions: [(name: String, times: BucketCounts)]) {
        let shown = distributions.filter { !$0.times.isEmpty }
        // The last thousandth would squeeze all others into a corner.
        let lows = shown.compactMap { $0.times.valueUs(atPercentile: 0) }
        let highs = shown.compactMap { $0.times.valueUs(atPercentile: 99.9) }
        guard let low = lows.min(), let high = highs.max() else {
            lines = []
            return
        }
        let scale = Scale(low: Double(max(low, 1)), high: Double(max(high, low + 1)))
        let nameWidth = shown.map(\.name.count).max() ?? 0
        lines =
            shown.map { name, times in
                let p99 = times.valueUs(atPercentile: 99).map { Readable.microseconds(Double($0)) }
                return padded(name, to: nameWidth) + "  " + Self.row(times, scale)
                    + "  \(times.totalCount) uploads, p99 \(p99 ?? "")"
            } + [
                padded("", to: nameWidth + 2)
                    + Self.axis(Readable.microseconds(scale.low), Readable.microseconds(scale.high))
            ]
    }

    private struct Scale {
        let low, high: Double

        func column(_ value: Double) -> Int {
            let share = log(max(value, low) / low) / max(log(high / low), 1e-9)
            return min(width - 1, max(0, Int(share * Double(width))))
        }
    }

    private static func row(_ times: BucketCounts, _ scale: Scale) -> String {
        var counts = [Double](repeating: 0, count: width)
        for bucket in times.buckets {
            counts[scale.column(Double(bucket.lowestUs + bucket.highestUs) / 2)] +=
                Double(bucket.count)
        }
        let most = counts.max() ?? 1
        return String(
            counts.map { count in
                // Whatever is there shows, however little.
                bars[count == 0 ? 0 : max(1, Int((count / most * 8).rounded()))]
            })
    }

    private static func axis(_ low: String, _ high: String) -> String {
        low + String(repeating: " ", count: max(1, width - low.count - high.count)) + high
    }
}
