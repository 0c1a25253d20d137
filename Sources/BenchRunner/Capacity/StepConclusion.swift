import Measure

/// Whether the generator itself kept up in a step.
struct GeneratorState: Sendable {
    /// nil while it does.
    let reason: String?
    let isBusy: Bool

    /// A start that was late by this share of the objective's time blurs the decision.
    private static let lagShare = 0.1

    /// Of an objective without a time: which uploads fail hardly depends on when they start.
    private static let limitWithoutTimeUs = 1e6

    /// - Parameter objectives: the lag is held against the shortest time among them.
    init(_ measured: CellResult, _ objectives: [ShareObjective]) {
        let shortest = objectives.compactMap(\.limitNs).min().map { Double($0) / 1000 }
        self.init(
            isBusy: measured.generator.isBusy, lagP99Us: measured.generator.lagP99Us,
            limitUs: shortest ?? Self.limitWithoutTimeUs)
    }

    init(isBusy: Bool, lagP99Us: Int64?, limitUs: Double) {
        self.isBusy = isBusy
        let lag = Double(lagP99Us ?? 0)
        if isBusy {
            reason = "a worker thread had no time to spare"
        } else if lag > Self.lagShare * limitUs {
            reason = "starts were late by \(Readable.microseconds(lag)) (p99)"
        } else {
            reason = nil
        }
    }
}

/// A step's tests and checks, put together.
struct StepConclusion {
    let decision: SequentialShareTest.Decision
    /// The same from the uploads' real starts.
    let decisionFromStart: SequentialShareTest.Decision
    let evidence: [ShareEvidence]
    let objectives: [ShareObjective]
    let isRising: Bool
    let answeredShare: Double?
    let keepsUp: Bool
    let generator: GeneratorState
    /// An answer is not confirmed by a step in which the generator was late.
    let isConfirming: Bool

    /// The decision and, unless it is a pass, its reason.
    var verdict: (StepResult.Decision, String) {
        if let reason = generator.reason {
            // Lateness counts in the response times: a step that holds in spite of it may be gone on
            // from, and one that fails without it has failed. Only a confirmation is stricter.
            let isTargets = decision == .fails && decisionFromStart == .fails
            let decides = decision == .fails || isConfirming
            if generator.isBusy || (decides && !isTargets) { return (.generatorLimited, reason) }
            if !isTargets { return (.inconclusive, reason) }
        }
        switch decision {
        case .fails: return (.fail, worst)
        case .holds, .undecided:
            if isRising { return (.fail, "uploads under way keep rising") }
            guard let answeredShare else { return (.inconclusive, "nothing arrived") }
            guard keepsUp else {
                let share = Readable.percent(answeredShare)
                return (.inconclusive, "only \(share) of the arrivals were answered")
            }
            return decision == .holds ? (.pass, "") : (.inconclusive, worst)
        }
    }

    /// The objective that is missed by the largest factor.
    var worst: String {
        zip(objectives, evidence).max { $0.1.share / $0.0.share < $1.1.share / $1.0.share }
            .map { "\($0.text): \(Readable.percent($1.share)) missed it" } ?? ""
    }
}
