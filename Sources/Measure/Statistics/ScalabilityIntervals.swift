import Foundation

/// 95% intervals of a scalability fit by bootstrap: relative residuals, corrected for leverage, are
/// drawn with replacement and the law is fitted again. The coefficients' intervals are studentized
/// (bootstrap-t; Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, §12.5), which holds
/// its level with the few points that a sweep has; peak and curve take the replicates' quantiles.
package struct ScalabilityIntervals: Sendable {
    package let lambda: ClosedRange<Double>
    package let sigma: ClosedRange<Double>
    package let kappa: ClosedRange<Double>
    /// nil where the law has no peak; an infinite end where some replicates have none.
    package let peakClients: ClosedRange<Double>?
    package let peakThroughput: ClosedRange<Double>?
    private let laws: [ScalabilityLaw]

    package init(_ fit: ScalabilityFit, seed: UInt64, resamples: Int = 400) {
        var random = SeededRandom(seed: seed)
        let design = fit.design
        let errors = Self.errors(fit)
        let spread = (fit.residuals.reduce(0) { $0 + $1 * $1 } / Double(design.count - 3))
            .squareRoot()
        let center = Self.parameters(fit.free)
        let unit = Self.deviations(fit.free, design.covariance)
        var scores: [[Double]] = [[], [], []]
        var laws: [ScalabilityLaw] = []
        var drawn = [Double](repeating: 0, count: errors.count)
        for _ in 0..<resamples {
            for index in drawn.indices {
                drawn[index] = errors[Int(random.nextUniform() * Double(errors.count))]
            }
            let shift = design.shift(drawn)
            let a = (0..<3).map { fit.free[$0] + shift[$0] }
            let rest = (design.remainder(drawn, shift) / Double(design.count - 3)).squareRoot()
            guard a[0] > 0, rest > 0 else { continue }
            let (value, unit) = (Self.parameters(a), Self.deviations(a, design.covariance))
            for index in 0..<3 {
                scores[index].append((value[index] - center[index]) / (unit[index] * rest))
            }
            laws.append(
                ScalabilityLaw(
                    lambda: value[0], sigma: max(0, value[1]), kappa: max(0, value[2])))
        }
        self.laws = laws
        let intervals = (0..<3).map { index in
            let (low, high) = Self.quantiles(scores[index])
            let deviation = unit[index] * spread
            return (center[index] - high * deviation, center[index] - low * deviation)
        }
        let estimates = [fit.law.lambda, fit.law.sigma, fit.law.kappa]
        let ranges = zip(intervals, estimates).map { range, estimate in
            min(max(0, range.0), estimate)...max(range.1, estimate)
        }
        (lambda, sigma, kappa) = (ranges[0], ranges[1], ranges[2])
        peakClients = fit.law.peakClients.map { peak in
            Self.around(peak, laws.map { $0.peakClients ?? .infinity })
        }
        peakThroughput = fit.law.peakThroughput.map { peak in
            Self.around(peak, laws.map { $0.peakThroughput ?? .infinity })
        }
    }

    /// Of the throughput at a number of clients.
    package func throughput(_ clients: Double) -> ClosedRange<Double> {
        let (low, high) = Self.quantiles(laws.map { $0.throughput(clients) })
        return low...max(low, high)
    }

    private static func around(_ value: Double, _ values: [Double]) -> ClosedRange<Double> {
        let (low, high) = quantiles(values)
        return min(low, value)...max(high, value)
    }

    /// Residuals as large as the errors were, with mean 0.
    private static func errors(_ fit: ScalabilityFit) -> [Double] {
        let scaled = zip(fit.residuals, fit.design.leverages).map { residual, leverage in
            residual / max(1e-6, 1 - leverage).squareRoot()
        }
        let mean = scaled.reduce(0, +) / Double(scaled.count)
        return scaled.map { $0 - mean }
    }

    private static func parameters(_ a: [Double]) -> [Double] {
        [1 / a[0], a[1] / a[0], a[2] / a[0]]
    }

    /// Standard deviations of λ, σ and κ for a relative error of 1, by the delta method.
    private static func deviations(_ a: [Double], _ covariance: [Double]) -> [Double] {
        let first = covariance[0].squareRoot() / (a[0] * a[0])
        let others = [1, 2].map { index in
            let ratio = a[index] / a[0]
            let crossed = 2 * ratio * covariance[index]
            let variance = covariance[4 * index] - crossed + ratio * ratio * covariance[0]
            return max(0, variance).squareRoot() / a[0]
        }
        return [first] + others
    }

    /// 2.5% and 97.5%.
    private static func quantiles(_ values: [Double]) -> (Double, Double) {
        guard !values.isEmpty else { return (0, 0) }
        let sorted = values.sorted()
        let low = sorted[Int(0.025 * Double(sorted.count))]
        return (low, sorted[min(sorted.count - 1, Int(0.975 * Double(sorted.count)))])
    }
}
