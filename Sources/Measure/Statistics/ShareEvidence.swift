/// What a sequence of uploads says about the share of those that missed a limit.
///
/// Uploads that follow each other meet the same queue, so a thousand of them say less than a
/// thousand independent ones. How much less is measured by batch means: the variance of the shares
/// of consecutive batches, divided by what it would be without correlation, is the design effect,
/// and the number of uploads divided by it the effective sample size (Law, "Simulation Modeling and
/// Analysis", §9.5.3; Kish, "Survey Sampling", 1965, for the design effect).
package struct ShareEvidence: Sendable, Equatable {
    package struct Batch: Sendable, Equatable {
        package var count: Int
        package var hits: Int

        package init(count: Int, hits: Int) {
            self.count = count
            self.hits = hits
        }
    }

    /// Consecutive, of about the same size.
    package let batches: [Batch]
    package let count: Int
    package let hits: Int
    /// At least 1.
    package let designEffect: Double
    /// As the batches show it by themselves.
    package let ownDesignEffect: Double

    /// - Parameter leastDesignEffect: what is known from elsewhere, for a sequence with too few hits
    ///   to show its own.
    package init(_ batches: [Batch], leastDesignEffect: Double = 1) {
        self.batches = batches
        count = batches.reduce(0) { $0 + $1.count }
        hits = batches.reduce(0) { $0 + $1.hits }
        ownDesignEffect = Self.designEffect(batches, count, hits)
        designEffect = max(leastDesignEffect, ownDesignEffect)
    }

    package var share: Double { count > 0 ? Double(hits) / Double(count) : 0 }
    package var effectiveCount: Double { Double(count) / designEffect }
    package var effectiveHits: Double { Double(hits) / designEffect }

    /// Several sequences that were seen apart, as one.
    package static func pooled(_ parts: [ShareEvidence]) -> ShareEvidence {
        let effective = parts.reduce(0) { $0 + $1.effectiveCount }
        let count = parts.reduce(0) { $0 + $1.count }
        let effect = effective > 0 ? Double(count) / effective : 1
        return ShareEvidence(parts.flatMap(\.batches), fixedDesignEffect: max(1, effect))
    }

    private init(_ batches: [Batch], fixedDesignEffect: Double) {
        self.batches = batches
        count = batches.reduce(0) { $0 + $1.count }
        hits = batches.reduce(0) { $0 + $1.hits }
        (designEffect, ownDesignEffect) = (fixedDesignEffect, fixedDesignEffect)
    }

    /// Batches must be longer than the correlation lasts, or they hide a part of it. That is not known
    /// beforehand: the largest of the effects at three lengths is taken.
    private static func designEffect(_ batches: [Batch], _ count: Int, _ hits: Int) -> Double {
        let effects = [1, 2, 4].map { factor in
            effect(merged(batches, factor), count, hits)
        }
        return max(1, effects.max() ?? 1)
    }

    private static func merged(_ batches: [Batch], _ factor: Int) -> [Batch] {
        stride(from: 0, to: batches.count, by: factor).map { start in
            batches[start..<min(start + factor, batches.count)].reduce(
                into: Batch(count: 0, hits: 0)
            ) {
                $0.count += $1.count
                $0.hits += $1.hits
            }
        }
    }

    private static func effect(_ batches: [Batch], _ count: Int, _ hits: Int) -> Double {
        guard batches.count > 1, hits > 0, hits < count else { return 1 }
        let share = Double(hits) / Double(count)
        // Σ (hits − expected)² / expected variance without correlation, per degree of freedom.
        let sum = batches.reduce(0.0) { sum, batch in
            let excess = Double(batch.hits) - share * Double(batch.count)
            return sum + excess * excess / (share * (1 - share) * Double(max(1, batch.count)))
        }
        return sum / Double(batches.count - 1)
    }
}
