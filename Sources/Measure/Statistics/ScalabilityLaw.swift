import Foundation

/// The Universal Scalability Law: throughput of N clients that each wait for their last answer,
/// X(N) = λN / (1 + σ(N − 1) + κN(N − 1)) (N. J. Gunther, "Guerrilla Capacity Planning", 2007, ch. 4).
package struct ScalabilityLaw: Sendable, Equatable {
    /// Throughput of one client.
    package var lambda: Double
    /// Contention: what is done one after the other.
    package var sigma: Double
    /// Crosstalk: what each client costs all others.
    package var kappa: Double

    package init(lambda: Double, sigma: Double, kappa: Double) {
        self.lambda = lambda
        self.sigma = sigma
        self.kappa = kappa
    }

    package func throughput(_ clients: Double) -> Double {
        lambda * clients / (1 + sigma * (clients - 1) + kappa * clients * (clients - 1))
    }

    /// Where throughput is highest; nil for a law that never falls.
    package var peakClients: Double? {
        guard kappa > 0, sigma < 1 else { return nil }
        return max(1, ((1 - sigma) / kappa).squareRoot())
    }

    /// Highest throughput at any number of clients: at the peak, or the limit λ/σ without one.
    package var peakThroughput: Double? {
        if let peakClients { return throughput(peakClients) }
        return sigma > 0 ? lambda / sigma : nil
    }

    /// One measurement.
    package struct Point: Sendable {
        package let clients: Double
        package let throughput: Double

        package init(clients: Double, throughput: Double) {
            self.clients = clients
            self.throughput = throughput
        }
    }
}

/// The law fitted to measurements: N/X is linear in 1, N − 1 and N(N − 1), with coefficients 1/λ, σ/λ
/// and κ/λ of which none is negative. Errors are taken as a share of the value, as throughput has
/// them.
package struct ScalabilityFit: Sendable {
    package let law: ScalabilityLaw
    let design: ScalabilityDesign
    /// Relative, in the order of the points.
    let residuals: [Double]
    /// Without the bounds at 0, for the intervals.
    let free: [Double]
    package let points: [ScalabilityLaw.Point]

    /// nil for fewer than four points, or fewer than three numbers of clients.
    package init?(_ points: [ScalabilityLaw.Point]) {
        let used = points.filter { $0.throughput > 0 && $0.clients >= 1 }
        guard used.count > 3, Set(used.map(\.clients)).count > 2 else { return nil }
        let values = used.map { $0.clients / $0.throughput }
        // Weights from the fit rather than from the noisy values, which would favour low ones.
        var weights = values.map { 1 / $0 }
        var fitted: (design: ScalabilityDesign, free: [Double])?
        for _ in 0..<4 {
            guard let design = ScalabilityDesign(used.map(\.clients), weights) else { return nil }
            let free = design.solve(values)
            fitted = (design, free)
            weights = used.map { 1 / max(design.value(free, $0.clients), 1e-300) }
            guard weights.allSatisfy({ $0 > 0 && $0.isFinite }) else { break }
        }
        guard let fitted, let bounded = fitted.design.nonNegative(values), bounded[0] > 0 else {
            return nil
        }
        law = ScalabilityLaw(
            lambda: 1 / bounded[0], sigma: bounded[1] / bounded[0], kappa: bounded[2] / bounded[0])
        design = fitted.design
        free = fitted.free
        self.points = used
        residuals = fitted.design.relativeResiduals(values, fitted.free)
    }

    /// Little's law for N clients without think time: N = X · R. The ratio of both sides.
    package static func littlesRatio(
        clients: Int, perSecond: Double, meanSeconds: Double
    ) -> Double { perSecond * meanSeconds / Double(clients) }
}

/// The weighted linear problem behind the fit.
struct ScalabilityDesign: Sendable {
    /// Rows of three, each times its weight.
    private let rows: [Double]
    private let weights: [Double]
    private let inverse: [Double]
    let count: Int

    init?(_ clients: [Double], _ weights: [Double]) {
        count = clients.count
        self.weights = weights
        rows = zip(clients, weights).flatMap { (n: Double, weight: Double) -> [Double] in
            let others: Double = n - 1
            return [weight, weight * others, weight * n * others]
        }
        guard let inverse = Self.inverse(of: Self.normal(rows), using: [0, 1, 2]) else {
            return nil
        }
        self.inverse = inverse
    }

    func value(_ a: [Double], _ n: Double) -> Double { a[0] + a[1] * (n - 1) + a[2] * n * (n - 1) }

    /// Least squares without bounds.
    func solve(_ values: [Double]) -> [Double] { Self.apply(inverse, moments(values)) }

    /// Least squares with no coefficient below 0. Three coefficients have eight sets that may be 0:
    /// the best of the feasible solutions of all is the solution.
    func nonNegative(_ values: [Double]) -> [Double]? {
        let (normal, moments) = (Self.normal(rows), moments(values))
        var best: (sum: Double, a: [Double])?
        for set in [[0], [0, 1], [0, 2], [0, 1, 2]] {
            guard let inverse = Self.inverse(of: normal, using: set) else { continue }
            let a = Self.apply(inverse, moments)
            guard a.allSatisfy({ $0 >= 0 }) else { continue }
            let sum = squares(values, a)
            if sum < (best?.sum ?? .infinity) { best = (sum, a) }
        }
        return best?.a
    }

    func relativeResiduals(_ values: [Double], _ a: [Double]) -> [Double] {
        (0..<count).map { values[$0] * weights[$0] - fitted(a, $0) }
    }

    /// How much of each residual the fit has taken up.
    var leverages: [Double] {
        (0..<count).map { index in
            let row = [rows[3 * index], rows[3 * index + 1], rows[3 * index + 2]]
            let product = Self.apply(inverse, row)
            return zip(row, product).reduce(0) { $0 + $1.0 * $1.1 }
        }
    }

    /// Covariance of the coefficients for a relative variance of 1.
    var covariance: [Double] { inverse }

    /// The coefficients' change when the relative errors are these.
    func shift(_ errors: [Double]) -> [Double] {
        var (m0, m1, m2) = (0.0, 0.0, 0.0)
        for index in 0..<count {
            m0 += rows[3 * index] * errors[index]
            m1 += rows[3 * index + 1] * errors[index]
            m2 += rows[3 * index + 2] * errors[index]
        }
        return Self.apply(inverse, [m0, m1, m2])
    }

    /// Sum of squares that is left of these errors after a shift.
    func remainder(_ errors: [Double], _ shift: [Double]) -> Double {
        var sum = 0.0
        for index in 0..<count {
            let rest = errors[index] - fitted(shift, index)
            sum += rest * rest
        }
        return sum
    }

    private func fitted(_ a: [Double], _ index: Int) -> Double {
        rows[3 * index] * a[0] + rows[3 * index + 1] * a[1] + rows[3 * index + 2] * a[2]
    }

    private func squares(_ values: [Double], _ a: [Double]) -> Double {
        relativeResiduals(values, a).reduce(0) { $0 + $1 * $1 }
    }

    private func moments(_ values: [Double]) -> [Double] {
        var sums = [0.0, 0, 0]
        for index in 0..<count {
            let value = values[index] * weights[index]
            for column in 0..<3 { sums[column] += rows[3 * index + column] * value }
        }
        return sums
    }

    private static func normal(_ rows: [Double]) -> [Double] {
        var sums = [Double](repeating: 0, count: 9)
        for start in stride(from: 0, to: rows.count, by: 3) {
            for i in 0..<3 {
                for j in 0..<3 { sums[3 * i + j] += rows[start + i] * rows[start + j] }
            }
        }
        return sums
    }

    /// Of the symmetric matrix restricted to some columns; the other entries are 0. By Gauss and
    /// Jordan on the matrix scaled to a diagonal of 1, as the columns differ by orders of magnitude.
    private static func inverse(of matrix: [Double], using set: [Int]) -> [Double]? {
        let size = set.count
        let scale = set.map { 1 / matrix[4 * $0].squareRoot() }
        guard scale.allSatisfy(\.isFinite) else { return nil }
        var left = (0..<size).map { i in
            (0..<size).map { j in matrix[3 * set[i] + set[j]] * scale[i] * scale[j] }
        }
        var right = (0..<size).map { i in (0..<size).map { $0 == i ? 1.0 : 0 } }
        for pivot in 0..<size {
            guard let row = (pivot..<size).max(by: { abs(left[$0][pivot]) < abs(left[$1][pivot]) }),
                abs(left[row][pivot]) > 1e-13
            else { return nil }
            left.swapAt(pivot, row)
            right.swapAt(pivot, row)
            let divisor = left[pivot][pivot]
            for column in 0..<size {
                left[pivot][column] /= divisor
                right[pivot][column] /= divisor
            }
            for other in 0..<size where other != pivot {
                let factor = left[other][pivot]
                for column in 0..<size {
                    left[other][column] -= factor * left[pivot][column]
                    right[other][column] -= factor * right[pivot][column]
                }
            }
        }
        var whole = [Double](repeating: 0, count: 9)
        for i in 0..<size {
            for j in 0..<size { whole[3 * set[i] + set[j]] = right[i][j] * scale[i] * scale[j] }
        }
        return whole
    }

    private static func apply(_ matrix: [Double], _ vector: [Double]) -> [Double] {
        [0, 3, 6].map { (row: Int) -> Double in
            let first: Double = matrix[row] * vector[0]
            let second: Double = matrix[row + 1] * vector[1]
            return first + second + matrix[row + 2] * vector[2]
        }
    }
}
