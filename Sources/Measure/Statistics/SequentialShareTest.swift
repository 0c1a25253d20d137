import Foundation

/// Wald's sequential probability ratio test on a share: is it below a limit or above?
///
/// The two hypotheses have odds of 1/`resolution` and `resolution` times the limit's. A share at or
/// below the first is wrongly called too high with a probability of at most `errorRate`, and one at
/// or above the second wrongly called low; between them either answer may come, and it takes
/// longest (A. Wald, "Sequential Tests of Statistical Hypotheses", 1945). Both rates hold for
/// independent uploads; counts are divided by the design effect, which makes them approximate. To
/// look only now and then does not add to them.
package struct SequentialShareTest: Sendable {
    package enum Decision: Sendable { case holds, fails, undecided }

    /// 0…1, neither included.
    package let limit: Double
    package var resolution = 1.5
    package var errorRate = 0.05

    package init(limit: Double) { self.limit = limit }

    package func decide(_ evidence: ShareEvidence) -> Decision {
        let bound = log((1 - errorRate) / errorRate)
        let ratio = logRatio(evidence)
        return ratio >= bound ? .fails : ratio <= -bound ? .holds : .undecided
    }

    /// log of the likelihood of the higher share over that of the lower one.
    package func logRatio(_ evidence: ShareEvidence) -> Double {
        let (low, high) = (share(odds / resolution), share(odds * resolution))
        let hits = evidence.effectiveHits
        return hits * log(high / low)
            + (evidence.effectiveCount - hits) * log((1 - high) / (1 - low))
    }

    private var odds: Double { limit / (1 - limit) }
    private func share(_ odds: Double) -> Double { odds / (1 + odds) }
}
