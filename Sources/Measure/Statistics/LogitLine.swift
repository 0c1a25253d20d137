import Foundation

/// A share that rises with a rate: logit(share) = level + slope · x, by maximum likelihood
/// (iteratively reweighted least squares; McCullagh and Nelder, "Generalized Linear Models", §4.4).
package struct LogitLine: Sendable {
    package struct Point: Sendable {
        package let x: Double
        /// May be fractions: effective counts.
        package let count: Double
        package let hits: Double

        package init(x: Double, count: Double, hits: Double) {
            self.x = x
            self.count = count
            self.hits = hits
        }
    }

    package let level: Double
    package let slope: Double

    /// So flat a prior that only data which separate perfectly, and so have no finite slope, feel it.
    private static let slopeDeviation = 200.0
    /// Added to hits and to misses: no share is 0 or 1.
    private static let continuity = 0.1

    /// nil when the points do not determine a line, or a falling one.
    package init?(_ points: [Point]) {
        let used = points.filter { $0.count > 0 }
        guard Set(used.map(\.x)).count > 1 else { return nil }
        let total = used.reduce(0) { $0 + $1.count }
        let share = (used.reduce(0) { $0 + $1.hits } + 0.5) / (total + 1)
        var (level, slope) = (log(share / (1 - share)), 0.0)
        for _ in 0..<60 {
            guard let step = Self.step(used, level, slope) else { return nil }
            // Damped: far from the answer a full step may overshoot.
            let scale = min(1, 3 / max(abs(step.level), abs(step.slope) / 20, 1e-12))
            level += scale * step.level
            slope += scale * step.slope
            if abs(step.level) < 1e-9, abs(step.slope) < 1e-7 { break }
        }
        guard slope > 0, slope.isFinite, level.isFinite else { return nil }
        (self.level, self.slope) = (level, slope)
    }

    private static func step(
        _ points: [Point], _ level: Double, _ slope: Double
    ) -> (level: Double, slope: Double)? {
        var (g0, g1, h00, h01, h11) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for point in points {
            let share = 1 / (1 + exp(-(level + slope * point.x)))
            let count = point.count + 2 * continuity
            let excess = point.hits + continuity - count * share
            let weight = max(count * share * (1 - share), 1e-12)
            g0 += excess
            g1 += excess * point.x
            h00 += weight
            h01 += weight * point.x
            h11 += weight * point.x * point.x
        }
        g1 -= slope / (slopeDeviation * slopeDeviation)
        h11 += 1 / (slopeDeviation * slopeDeviation)
        let determinant = h00 * h11 - h01 * h01
        guard determinant > 0, determinant.isFinite else { return nil }
        return ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant)
    }

    /// Where the share is `share`.
    package func crossing(of share: Double) -> Double { (log(share / (1 - share)) - level) / slope }
}
