import Foundation

/// The trend of a short series by the median of all slopes between two points, which a few odd
/// points do not move (H. Theil, 1950; P. K. Sen, 1968), and Kendall's test of whether there is one.
package struct TheilSen: Sendable {
    /// Per step of the series.
    package let slope: Double
    /// One-sided, for a rise, by the normal approximation of Mann and Kendall's S.
    package let riseProbability: Double

    /// nil for fewer than three points.
    package init?(_ values: [Double]) {
        guard values.count > 2 else { return nil }
        var slopes: [Double] = []
        var ranks = 0.0
        for (first, earlier) in values.enumerated() {
            for (second, later) in values.enumerated().dropFirst(first + 1) {
                slopes.append((later - earlier) / Double(second - first))
                ranks += later > earlier ? 1 : later < earlier ? -1 : 0
            }
        }
        slopes.sort()
        let middle = slopes.count / 2
        slope =
            slopes.count % 2 == 1 ? slopes[middle] : (slopes[middle - 1] + slopes[middle]) / 2
        let count = Double(values.count)
        let deviation = (count * (count - 1) * (2 * count + 5) / 18).squareRoot()
        // Continuity correction: S moves in steps of 2.
        let score = ranks > 0 ? (ranks - 1) / deviation : ranks < 0 ? (ranks + 1) / deviation : 0
        riseProbability = erfc(score / 2.0.squareRoot()) / 2
    }
}
