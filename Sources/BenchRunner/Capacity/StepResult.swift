import Measure

/// What a search asks to be measured next.
struct SearchStep: Sendable, Equatable {
    enum Phase: String, Sendable {
        /// Twice the rate until one fails; half of it until one holds.
        case doubling, halving
        /// The geometric mean of the highest that held and the lowest that failed.
        case bisection
        /// The answer, and a rate a little below it, again.
        case confirmation, margin
    }

    let phase: Phase
    let perSecond: Double
    /// At most so long, after the warm-up.
    let longestSeconds: Double
    /// Ends when so many misses, by their effective number, have been seen: the share is known then.
    let enoughHits: Double
    /// Ends when the test has decided; a confirmation goes on, so that its share can be trusted.
    let endsWhenDecided: Bool
}

/// What became of a step.
struct StepResult: Sendable {
    enum Decision: String, Sendable {
        case pass, fail, inconclusive
        case generatorLimited = "generator-limited"
    }

    let step: SearchStep
    let decision: Decision
    /// Why it is not a pass, for people.
    let reason: String
    /// Per objective.
    let evidence: [ShareEvidence]
}
