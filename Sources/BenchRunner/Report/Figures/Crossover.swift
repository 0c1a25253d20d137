import Foundation

/// A file size at which two strategies change places, somewhere between two measured sizes.
struct Crossover: Sendable {
    let fasterBelow: Strategy
    let fasterAbove: Strategy
    /// The measured sizes to both sides.
    let lowerBytes: Int64
    let upperBytes: Int64
    /// Where straight lines between the medians cross, both scales logarithmic: an estimate.
    let estimatedBytes: Double
    let estimatedUs: Double
    /// Do the rounds tell the two apart at both measured sizes? Otherwise noise alone may have
    /// changed their order.
    let isClear: Bool
    /// Is no third strategy faster there?
    let isOfFastest: Bool

    /// Says what was measured and what was not.
    var sentence: String {
        "\(fasterBelow.rawValue) is faster at \(Readable.bytes(lowerBytes)), \(fasterAbove.rawValue) at"
            + " \(Readable.bytes(upperBytes)); interpolated, they cross near"
            + " \(Readable.bytes(Int64(estimatedBytes.rounded()))). No size between was measured."
    }

    /// All changes of order between neighbouring sizes, smallest size first.
    static func all(in comparison: Comparison) -> [Crossover] {
        let blocks = comparison.blocks.filter { ($0.sizeBytes ?? 0) > 0 }
        return zip(blocks, blocks.dropFirst()).flatMap { lower, upper in
            Gap(lower, upper).crossovers
        }.sorted { ($0.estimatedBytes, $0.estimatedUs) < ($1.estimatedBytes, $1.estimatedUs) }
    }
}

/// Two neighbouring sizes and the strategies that carried both.
private struct Gap {
    private struct Line {
        let below: ComparisonRow
        let above: ComparisonRow
        /// Logarithms of the medians.
        let start: Double
        let end: Double

        init?(_ below: ComparisonRow, _ above: ComparisonRow?) {
            guard let above, let start = below.responseUs(50), let end = above.responseUs(50),
                start > 0, end > 0
            else { return nil }
            self.below = below
            self.above = above
            self.start = log(start)
            self.end = log(end)
        }

        func at(_ share: Double) -> Double { start + share * (end - start) }
    }

    private let lowerBytes: Int64
    private let upperBytes: Int64
    private let lines: [Line]

    init(
        _ lower: (sizeBytes: Int64?, rows: [ComparisonRow]),
        _ upper: (sizeBytes: Int64?, rows: [ComparisonRow])
    ) {
        lowerBytes = lower.sizeBytes ?? 1
        upperBytes = upper.sizeBytes ?? 1
        lines = lower.rows.compactMap { row in
            Line(row, upper.rows.first { $0.scenario == row.scenario })
        }
    }

    var crossovers: [Crossover] {
        lines.indices.flatMap { first in
            lines.indices.dropFirst(first + 1).compactMap { crossover(lines[first], lines[$0]) }
        }
    }

    private func crossover(_ a: Line, _ b: Line) -> Crossover? {
        let (before, after) = (a.start - b.start, a.end - b.end)
        guard before * after < 0 else { return nil }
        let share = before / (before - after)
        let us = a.at(share)
        let bytes = log(Double(lowerBytes)) + share * log(Double(upperBytes) / Double(lowerBytes))
        let isClear =
            Self.isClear(a.below, b.below, isFirstFaster: before < 0)
            && Self.isClear(a.above, b.above, isFirstFaster: after < 0)
        return Crossover(
            fasterBelow: before < 0 ? a.below.scenario : b.below.scenario,
            fasterAbove: before < 0 ? b.below.scenario : a.below.scenario,
            lowerBytes: lowerBytes, upperBytes: upperBytes, estimatedBytes: exp(bytes),
            estimatedUs: exp(us), isClear: isClear,
            isOfFastest: lines.allSatisfy { $0.at(share) >= us - 1e-9 })
    }

    private static func isClear(
        _ a: ComparisonRow, _ b: ComparisonRow, isFirstFaster: Bool
    ) -> Bool {
        guard let paired = PairedRatio(a, to: b) else { return false }
        return paired.isClear && (paired.ratio < 1) == isFirstFaster
    }
}
