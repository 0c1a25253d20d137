/// Change points in the distribution of a series, by E-divisive means (Matteson, James: "A
/// nonparametric approach for multiple change point analysis of multivariate data", JASA 2014).
///
/// The series is cut where the energy distance of the two sides is largest, as long as that distance
/// is larger than permutations of the segment give.
package struct EDivisive: Sendable {
    /// A segment is never shorter.
    package var minimumSegment = 3
    package var permutations = 999
    /// A cut is kept when at most this share of permutations is as far apart.
    package var level = 0.05
    package var seed: UInt64 = 1

    package init() {}

    package struct ChangePoint: Sendable, Equatable {
        /// The first value after the change.
        package let index: Int
        /// Share of permutations at least as far apart, the series itself counted as one.
        package let pValue: Double
    }

    /// In the order of their index.
    package func changePoints(_ values: [Double]) -> [ChangePoint] {
        var found: [ChangePoint] = []
        var random = SeededRandom(seed: seed)
        while true {
            let bounds = [0] + found.map(\.index) + [values.count]
            let segments = zip(bounds, bounds.dropFirst()).map { Array(values[$0..<$1]) }
            let cuts = segments.map { best($0) }
            guard let (segment, cut) = widest(cuts) else { return found }
            let pValue = share(of: segments, atLeast: cut.distance, &random)
            guard pValue <= level else { return found }
            found.append(ChangePoint(index: bounds[segment] + cut.index, pValue: pValue))
            found.sort { $0.index < $1.index }
        }
    }

    struct Cut: Equatable {
        let index: Int
        let distance: Double
    }

    /// The cut of a segment whose sides are farthest apart; nil where it is too short. The right
    /// side may end before the segment does, so that a change that goes away again is seen.
    func best(_ values: [Double]) -> Cut? {
        let n = values.count
        guard n >= 2 * minimumSegment else { return nil }
        let sums = PairSums(values)
        var best: Cut?
        for index in minimumSegment...(n - minimumSegment) {
            for end in (index + minimumSegment)...n {
                let distance = sums.distance(index, end)
                if distance > best?.distance ?? -.infinity {
                    best = Cut(index: index, distance: distance)
                }
            }
        }
        return best
    }

    private func widest(_ cuts: [Cut?]) -> (Int, Cut)? {
        let there = cuts.enumerated().compactMap { index, cut in cut.map { (index, $0) } }
        return there.max { $0.1.distance < $1.1.distance }
    }

    /// Permutes within the segments, which keeps the changes that were found before.
    private func share(
        of segments: [[Double]], atLeast distance: Double, _ random: inout SeededRandom
    ) -> Double {
        var asFar = 1
        for _ in 0..<permutations {
            var largest = -Double.infinity
            for segment in segments {
                let permuted = best(segment.shuffled(using: &random))
                largest = max(largest, permuted?.distance ?? -.infinity)
            }
            if largest >= distance { asFar += 1 }
        }
        return Double(asFar) / Double(permutations + 1)
    }
}

/// Sums of |x − y| over pairs of a series, so that each cut costs a few additions.
private struct PairSums {
    /// Row i, column j: the sum over all pairs with one in 0..<i and one in 0..<j.
    private let sums: [Double]
    private let width: Int

    init(_ values: [Double]) {
        let width = values.count + 1
        var sums = [Double](repeating: 0, count: width * width)
        for i in 1..<width {
            var row = 0.0
            for j in 1..<width {
                row += abs(values[i - 1] - values[j - 1])
                sums[i * width + j] = sums[(i - 1) * width + j] + row
            }
        }
        self.sums = sums
        self.width = width
    }

    private func sum(_ rows: Range<Int>, _ columns: Range<Int>) -> Double {
        let at = { (i: Int, j: Int) in sums[i * width + j] }
        return at(rows.upperBound, columns.upperBound) - at(rows.lowerBound, columns.upperBound)
            - at(rows.upperBound, columns.lowerBound) + at(rows.lowerBound, columns.lowerBound)
    }

    /// The scaled energy distance of 0..<cut and cut..<end (the paper's equation 5 and 7, with α 1).
    func distance(_ cut: Int, _ end: Int) -> Double {
        let (n, m) = (Double(cut), Double(end - cut))
        let between = 2 * sum(0..<cut, cut..<end) / (n * m)
        // Each pair within a side stands twice in the full square.
        let left = n > 1 ? sum(0..<cut, 0..<cut) / (n * (n - 1)) : 0
        let right = m > 1 ? sum(cut..<end, cut..<end) / (m * (m - 1)) : 0
        return n * m / (n + m) * (between - left - right)
    }
}
