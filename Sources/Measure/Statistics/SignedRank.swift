/// Wilcoxon's signed-rank test of paired differences, its interval and the estimate that belongs to
/// it (Hollander, Wolfe, Chicken: "Nonparametric Statistical Methods", chapter 3), all exact.
package enum SignedRank {
    /// Beyond this number the distribution is taken as normal, which it then is to 4 digits.
    static let exactLimit = 200

    /// Hodges–Lehmann: the median of all averages of two differences, each with itself included.
    package static func estimate(_ differences: [Double]) -> Double? {
        let averages = walshAverages(differences)
        guard !averages.isEmpty else { return nil }
        let middle = averages.count / 2
        return averages.count % 2 == 1
            ? averages[middle] : (averages[middle - 1] + averages[middle]) / 2
    }

    /// The closed interval of the shifts that the two-sided test does not reject.
    ///
    /// With ties or zeros among the averages the closed interval keeps at least its confidence
    /// (Pratt, Gibbons: "Concepts of Nonparametric Theory", section 3.7).
    ///
    /// - Returns: nil where so few differences can never reject at that confidence.
    package static func interval(
        _ differences: [Double], confidence: Double
    ) -> ClosedRange<Double>? {
        let n = differences.count
        guard n > 0, let rank = criticalRank(n, tail: (1 - confidence) / 2) else { return nil }
        let averages = walshAverages(differences)
        return averages[rank]...averages[averages.count - 1 - rank]
    }

    /// Two-sided. Differences of 0 are left out, as Wilcoxon did; equal sizes share their mean rank,
    /// and the distribution is that of the ranks at hand.
    package static func pValue(_ differences: [Double]) -> Double {
        let nonzero = differences.filter { $0 != 0 }
        guard !nonzero.isEmpty else { return 1 }
        // Mean ranks are multiples of a half: doubled they are whole.
        let ranks = doubledRanks(nonzero.map { abs($0) })
        let positive = zip(nonzero, ranks).reduce(0) { $0 + ($1.0 > 0 ? $1.1 : 0) }
        let total = ranks.reduce(0, +)
        let smaller = min(positive, total - positive)
        return min(1, 2 * lowerTail(ranks, smaller))
    }

    /// The smallest two-sided p that `n` differences can give.
    package static func smallestPValue(_ n: Int) -> Double {
        n < 1 ? 1 : (0..<(n - 1)).reduce(1.0) { p, _ in p / 2 }
    }

    /// In rising order.
    package static func walshAverages(_ differences: [Double]) -> [Double] {
        var averages: [Double] = []
        averages.reserveCapacity(differences.count * (differences.count + 1) / 2)
        for i in differences.indices {
            for j in i..<differences.count {
                averages.append((differences[i] + differences[j]) / 2)
            }
        }
        return averages.sorted()
    }

    /// The largest k with P(T ≤ k) ≤ tail, for n untied differences; nil where there is none.
    private static func criticalRank(_ n: Int, tail: Double) -> Int? {
        guard n <= exactLimit else {
            let (mean, deviation) = moments(Array((1...n).map { 2 * $0 }))
            let k = (mean + deviation * Quantiles.normal(tail)) / 2 - 0.5
            return k < 0 ? nil : Int(k)
        }
        var cumulative = 0.0
        // A tail that is given as a decimal fraction may lie a rounding error below the exact one.
        let limit = tail * (1 + 1e-12)
        for (k, share) in distribution(Array(1...n)).enumerated() {
            cumulative += share
            if cumulative > limit { return k > 0 ? k - 1 : nil }
        }
        return nil
    }

    /// P(T ≤ t) for the sum T of those ranks whose sign is positive.
    private static func lowerTail(_ ranks: [Int], _ t: Int) -> Double {
        guard ranks.count <= exactLimit else {
            let (mean, deviation) = moments(ranks)
            return Quantiles.normalShare(below: (Double(t) + 1 - mean) / deviation)
        }
        return distribution(ranks).prefix(t + 1).reduce(0, +)
    }

    /// P(T = t) for t from 0 to the sum of all ranks, when each sign is a fair coin.
    private static func distribution(_ ranks: [Int]) -> [Double] {
        var shares = [1.0]
        for rank in ranks {
            var next = [Double](repeating: 0, count: shares.count + rank)
            for (sum, share) in shares.enumerated() {
                next[sum] += share / 2
                next[sum + rank] += share / 2
            }
            shares = next
        }
        return shares
    }

    private static func moments(_ ranks: [Int]) -> (mean: Double, deviation: Double) {
        let sum = ranks.reduce(0) { $0 + Double($1) }
        let squares = ranks.reduce(0) { $0 + Double($1) * Double($1) }
        return (sum / 2, squares.squareRoot() / 2)
    }

    /// Twice the rank of each value; equal values share the mean of theirs.
    private static func doubledRanks(_ values: [Double]) -> [Int] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Int](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start
            while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
            for position in start...end { ranks[order[position]] = start + end + 2 }
            start = end + 1
        }
        return ranks
    }
}
