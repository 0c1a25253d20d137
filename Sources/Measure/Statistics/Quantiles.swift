import Foundation

/// The normal and Student's t distribution. Quantiles are found by bisection of the distribution
/// functions, so that they are as exact as those.
package enum Quantiles {
    /// P(Z < z).
    package static func normalShare(below z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }

    /// z with P(Z < z) = share, 0 < share < 1.
    package static func normal(_ share: Double) -> Double {
        bisect(share) { normalShare(below: $0) }
    }

    /// P(T < t) with that many degrees of freedom.
    package static func studentShare(below t: Double, degrees: Double) -> Double {
        let outside = incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
        return t < 0 ? outside / 2 : 1 - outside / 2
    }

    /// t with P(T < t) = share, 0 < share < 1.
    package static func student(_ share: Double, degrees: Double) -> Double {
        // The lower tail keeps its digits where the upper one would be 1 minus next to nothing.
        guard share <= 0.5 else { return -student(1 - share, degrees: degrees) }
        return bisect(share) { studentShare(below: $0, degrees: degrees) }
    }

    private static func bisect(_ share: Double, _ below: (Double) -> Double) -> Double {
        guard share > 0, share < 1 else { return share <= 0 ? -.infinity : .infinity }
        var (low, high) = (-1.0, 1.0)
        while below(low) > share { low *= 2 }
        while below(high) < share { high *= 2 }
        while high - low > 1e-13 * max(1, abs(low)) {
            let middle = (low + high) / 2
            guard middle > low, middle < high else { break }
            if below(middle) < share { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// I_x(a, b) by its continued fraction (NIST Digital Library of Mathematical Functions, 8.17.22),
    /// evaluated by Lentz's method.
    static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < 1 else { return 1 }
        // The fraction converges fast below the mean; above it the complement's does (8.17.4).
        return x <= (a + 1) / (a + b + 2) ? direct(x, a, b) : 1 - direct(1 - x, b, a)
    }

    private static func direct(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let logFront =
            lgamma(a + b) - lgamma(a) - lgamma(b) + a * Foundation.log(x) + b * log1p(-x)
        return exp(logFront) / a / fraction(x, a, b)
    }

    private static func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let tiny = 1e-300
        var (f, c, d) = (1.0, 1.0, 0.0)
        for step in 1...10_000 {
            let m = Double(step / 2)
            let term =
                step % 2 == 0
                ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1 + term * d
            d = 1 / (abs(d) < tiny ? tiny : d)
            c = 1 + term / (abs(c) < tiny ? tiny : c)
            f *= c * d
            if abs(c * d - 1) < 1e-15 { break }
        }
        return f
    }
}
