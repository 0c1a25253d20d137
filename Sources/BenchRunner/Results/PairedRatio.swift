import Foundation
import Measure

/// How many times as long one strategy takes as another, from rounds in which both were measured
/// under the same conditions.
struct PairedRatio {
    /// The geometric mean over the rounds.
    let ratio: Double
    /// 95%, by Student's t on the logarithms; nil for a single round.
    let interval: ClosedRange<Double>?
    let rounds: Int

    /// nil without a common round.
    init?(_ slower: ComparisonRow, to faster: ComparisonRow) {
        self.init(slower.medianUsByRound, to: faster.medianUsByRound)
    }

    /// From medians by round; nil without a common round.
    init?(_ slower: [Int: Double], to faster: [Int: Double]) {
        // Sums of the same numbers in another order would differ in their last digits.
        let logs = slower.sorted { $0.key < $1.key }.compactMap { round, value in
            faster[round].map { Foundation.log(value / $0) }
        }
        guard !logs.isEmpty, logs.allSatisfy(\.isFinite) else { return nil }
        let count = Double(logs.count)
        let mean = logs.reduce(0, +) / count
        rounds = logs.count
        ratio = exp(mean)
        guard logs.count > 1 else {
            interval = nil
            return
        }
        let variance = logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        let half =
            Quantiles.student(0.975, degrees: count - 1)
            * (variance / count).squareRoot()
        interval = exp(mean - half)...exp(mean + half)
    }

    /// nil for no values, or for one that has no logarithm.
    static func geometricMean(_ values: some Collection<Double>) -> Double? {
        let logs = values.map { Foundation.log($0) }
        guard !logs.isEmpty, logs.allSatisfy(\.isFinite) else { return nil }
        return exp(logs.sorted().reduce(0, +) / Double(logs.count))
    }

    /// Do the rounds tell the two apart?
    var isClear: Bool { interval.map { !$0.contains(1) } ?? false }

    var text: String {
        guard let interval else { return "one round, so no interval" }
        let (low, high) = (Self.number(interval.lowerBound), Self.number(interval.upperBound))
        return "95% interval \(low) to \(high), \(rounds) rounds"
    }

    static func number(_ value: Double) -> String {
        String(format: value >= 10 ? "%.0f" : "%.2f", value)
    }
}
