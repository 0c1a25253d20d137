import Foundation

/// Fisher's exact test of two shares.
package enum FisherExact {
    /// Two-sided: the probability of all tables with the same margins that are no more likely than
    /// the one observed.
    package static func pValue(
        hits: Int, of total: Int, against otherHits: Int, of otherTotal: Int
    ) -> Double {
        let allHits = hits + otherHits
        let lowest = max(0, allHits - otherTotal)
        let highest = min(allHits, total)
        guard lowest < highest else { return 1 }
        let logs = Hypergeometric(total: total, otherTotal: otherTotal, hits: allHits)
        // Tables that are as likely as the observed one differ from it in the last digits.
        let limit = logs.logProbability(hits) + 1e-7
        var sum = 0.0
        for candidate in lowest...highest {
            let log = logs.logProbability(candidate)
            if log <= limit { sum += exp(log) }
        }
        return min(1, sum)
    }

    private struct Hypergeometric {
        let total, otherTotal, hits: Int
        let logAll: Double

        init(total: Int, otherTotal: Int, hits: Int) {
            (self.total, self.otherTotal, self.hits) = (total, otherTotal, hits)
            logAll = Self.logChoose(total + otherTotal, hits)
        }

        func logProbability(_ inFirst: Int) -> Double {
            Self.logChoose(total, inFirst) + Self.logChoose(otherTotal, hits - inFirst) - logAll
        }

        private static func logChoose(_ n: Int, _ k: Int) -> Double {
            logFactorial(n) - logFactorial(k) - logFactorial(n - k)
        }

        private static func logFactorial(_ n: Int) -> Double { lgamma(Double(n) + 1) }
    }
}
