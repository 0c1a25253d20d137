import Foundation

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
        let half = Self.studentT(degrees: logs.count - 1) * (variance / count).squareRoot()
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

    /// The 97.5% quantile of Student's t (NIST/SEMATECH e-Handbook, table 1.3.6.7.2); beyond the
    /// table by Fisher's expansion in 1/degrees.
    static func studentT(degrees: Int) -> Double {
        let table = [
            12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179,
            2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
        ]
        if degrees <= table.count { return table[max(degrees, 1) - 1] }
        let z = 1.959964
        let (z3, nu) = (z * z * z, Double(degrees))
        return z + (z3 + z) / (4 * nu)
            + (5 * z3 * z * z + 16 * z3 + 3 * z) / (96 * nu * nu)
    }
}
