import Foundation
import Measure

/// Finds the highest arrival rate that holds all objectives, step by step: doubling from a safe rate
/// until a step fails, then bisection on the geometric mean until the bracket is narrow, then the
/// answer and 90% of it again, at least three times each and until the answer is known well enough.
/// It has no clock and measures nothing: it names the next step and is told what became of it.
struct CapacitySearch {
    struct Settings: Sendable {
        var startPerSecond: Double
        var lowestPerSecond = 0.05
        var highestPerSecond = 200_000.0
        /// The bracket's ends may differ by this factor.
        var bracketRatio = 1.05
        var confirmations = 3
        var marginShare = 0.9
        /// The 95% interval may reach so far to either side of the answer.
        var precision = 0.05
        /// Of a step while the rate is still far from the answer.
        var quickSeconds = 3.0
        var longestSeconds = 60.0
        /// What a step takes beside its measured time, at first.
        var overheadSeconds = 1.5
        var shortestSeconds = 1.0
        /// Of the bootstrap.
        var seed: UInt64 = 1
    }

    enum State: Equatable {
        case searching
        /// Bracket narrow, answer confirmed.
        case confirmed
        case generatorLimited
        /// Even the lowest rate misses the objectives.
        case unattainable
        /// With the reason.
        case inconclusive(String)
    }

    let objectives: [ShareObjective]
    let settings: Settings
    private(set) var results: [StepResult] = []
    private(set) var state = State.searching
    /// The highest rate that held below all that failed, and the lowest that failed.
    private(set) var heldPerSecond: Double?
    private(set) var failedPerSecond: Double?
    /// What is being confirmed.
    private(set) var candidatePerSecond: Double?
    /// The lowest that failed when it was measured several times.
    private var rejectedPerSecond: Double?
    private var overheadSeconds: Double
    private var limitedSteps = 0
    /// Steps whose rates differ by less are the same rate.
    private static let sameRate = 0.025
    private static let hitsOfBisection = 30.0
    /// In a row, at one rate: a machine may be disturbed once or twice.
    private static let limitedStepLimit = 3

    init(_ objectives: [ShareObjective], _ settings: Settings) {
        self.objectives = objectives
        self.settings = settings
        overheadSeconds = settings.overheadSeconds
    }

    // MARK: The next step

    /// nil when the search is over; `state` says how.
    mutating func next(secondsLeft: Double) -> SearchStep? {
        guard state == .searching else { return nil }
        guard let (phase, rate) = nextRate() else { return nil }
        let seconds = seconds(for: phase, secondsLeft)
        guard seconds >= settings.shortestSeconds else {
            state = .inconclusive(outOfTime)
            return nil
        }
        let isConfirming = phase == .confirmation || phase == .margin
        return SearchStep(
            phase: phase, perSecond: rate, longestSeconds: seconds,
            enoughHits: isConfirming ? hitsOfConfirmation : Self.hitsOfBisection,
            endsWhenDecided: !isConfirming)
    }

    private mutating func nextRate() -> (SearchStep.Phase, Double)? {
        guard let failed = failedPerSecond else {
            let rate = heldPerSecond.map { $0 * 2 } ?? settings.startPerSecond
            guard rate <= settings.highestPerSecond else {
                state = .inconclusive("it holds up to the highest rate that is tried")
                return nil
            }
            return (.doubling, rate)
        }
        guard let held = heldPerSecond else {
            guard failed / 2 >= settings.lowestPerSecond else {
                state = .unattainable
                return nil
            }
            return (.halving, failed / 2)
        }
        guard failed / held <= settings.bracketRatio else {
            return (.bisection, (held * failed).squareRoot())
        }
        return nextConfirmation(held)
    }

    private mutating func nextConfirmation(_ held: Double) -> (SearchStep.Phase, Double)? {
        let candidate = candidatePerSecond ?? estimate() ?? held
        candidatePerSecond = candidate
        let answers = repeats(.confirmation, candidate).count
        let margins = repeats(.margin, candidate * settings.marginShare).count
        guard answers > margins || (answers == margins && answers > 0) else {
            return (.confirmation, candidate)
        }
        guard answers == margins else { return (.margin, candidate * settings.marginShare) }
        // After each pair all that was measured is looked at anew.
        if isConfirmed(candidate) {
            state = .confirmed
            return nil
        }
        var moved = estimate() ?? candidate
        if pooled(repeats(.confirmation, candidate)) == .fails {
            rejectedPerSecond = min(rejectedPerSecond ?? candidate, candidate)
            moved = min(moved, candidate / settings.bracketRatio.squareRoot())
        }
        if abs(moved / candidate - 1) > Self.sameRate * 0.9 { candidatePerSecond = moved }
        return (.confirmation, candidatePerSecond ?? candidate)
    }

    private func repeats(_ phase: SearchStep.Phase, _ rate: Double) -> [StepResult] {
        results.filter {
            $0.step.phase == phase && abs($0.step.perSecond / rate - 1) <= Self.sameRate
                && $0.decision != .generatorLimited
        }
    }

    private func isConfirmed(_ candidate: Double) -> Bool {
        let answers = repeats(.confirmation, candidate)
        let margins = repeats(.margin, candidate * settings.marginShare)
        guard answers.count >= settings.confirmations, margins.count >= settings.confirmations,
            pooled(answers) != .fails, pooled(margins) == .holds || showsLess(margins),
            hasLine, let estimate = estimate(),
            abs(estimate / candidate - 1) <= Self.sameRate,
            let interval = interval()
        else { return false }
        return interval.lowerBound >= estimate * (1 - settings.precision)
            && interval.upperBound <= estimate * (1 + settings.precision)
    }

    private func pooled(_ repeats: [StepResult]) -> SequentialShareTest.Decision {
        let decisions = objectives.indices.map { index in
            SequentialShareTest(limit: objectives[index].share)
                .decide(.pooled(repeats.map { $0.evidence[index] }))
        }
        if decisions.contains(.fails) { return .fails }
        return decisions.allSatisfy { $0 == .holds } ? .holds : .undecided
    }

    private func showsLess(_ repeats: [StepResult]) -> Bool {
        objectives.indices.allSatisfy { index in
            ShareEvidence.pooled(repeats.map { $0.evidence[index] }).share
                <= objectives[index].share
        }
    }

    // MARK: Time

    /// Shares out what is left of the budget over the steps that are still to come: most of it goes
    /// to those at the answer, because those far from it decide early.
    private func seconds(for phase: SearchStep.Phase, _ secondsLeft: Double) -> Double {
        let possible = min(settings.longestSeconds, secondsLeft - overheadSeconds)
        let fair = fairSeconds(for: phase, secondsLeft)
        // With little left a short step still says more than none.
        return min(possible, max(settings.shortestSeconds, fair))
    }

    private func fairSeconds(for phase: SearchStep.Phase, _ secondsLeft: Double) -> Double {
        let pair = 2.0
        switch phase {
        case .doubling, .halving: return min(settings.quickSeconds, secondsLeft / 8)
        case .bisection:
            let ratio = (failedPerSecond ?? 1) / (heldPerSecond ?? 1)
            let halvings = max(1, log2(log(ratio) / log(settings.bracketRatio)).rounded(.up))
            // A wide bracket is decided by a glance.
            let parts = pow(2, halvings) + pair * Double(settings.confirmations)
            return secondsLeft / parts - overheadSeconds
        case .confirmation, .margin:
            let candidate = candidatePerSecond ?? 0
            let done =
                repeats(.confirmation, candidate).count
                + repeats(.margin, candidate * settings.marginShare).count
            let left = max(0, 2 * settings.confirmations - done)
            // Once they are done, further pairs for the precision.
            return secondsLeft / (left > 0 ? Double(left) + pair : pair) - overheadSeconds
        }
    }

    private var outOfTime: String {
        guard failedPerSecond != nil else { return "the budget ended before any rate failed" }
        guard candidatePerSecond != nil else {
            return "the budget ended before the bracket was narrow"
        }
        return "the budget ended before the answer was known within "
            + Readable.percent(settings.precision)
    }

    /// Effective misses per confirmation, so that all of them together locate the answer: its error
    /// is that of the share, 1/√hits, divided by how steeply the share rises with the rate.
    private var hitsOfConfirmation: Double {
        guard let slope = capacityEstimate?.slope else { return Self.hitsOfBisection }
        let error = settings.precision / 2.5 * slope
        return min(200, max(5, 1 / (error * error) / Double(settings.confirmations)))
    }

    // MARK: What became of it

    /// - Parameter tookSeconds: with warm-up, draining and all.
    mutating func record(_ result: StepResult, measuredSeconds: Double, tookSeconds: Double) {
        results.append(result)
        overheadSeconds += (max(0, tookSeconds - measuredSeconds) - overheadSeconds) / 2
        guard result.decision != .generatorLimited else {
            limitedSteps += 1
            if limitedSteps >= Self.limitedStepLimit { state = .generatorLimited }
            return
        }
        limitedSteps = 0
        switch result.step.phase {
        case .confirmation, .margin: break
        default:
            if holds(result) {
                heldPerSecond = result.step.perSecond
            } else {
                failedPerSecond = result.step.perSecond
            }
        }
    }

    /// Without a decision the observed shares decide: the answer is confirmed later anyway.
    private func holds(_ result: StepResult) -> Bool {
        switch result.decision {
        case .pass: true
        case .fail: false
        default: zip(objectives, result.evidence).allSatisfy { $1.share <= $0.share }
        }
    }

    /// The user's interrupt, or a target that is gone.
    mutating func end(because reason: String) {
        if state == .searching { state = .inconclusive(reason) }
    }

    // MARK: The answer

    /// The highest rate that passed below all that failed, and the lowest that failed. Steps that were
    /// gone on from without a decision show nothing.
    var shown: (held: Double?, failed: Double?) {
        let rates = { (decision: StepResult.Decision) in
            results.filter { $0.decision == decision }.map(\.step.perSecond)
        }
        let failed = rates(.fail).min()
        return (rates(.pass).filter { $0 < failed ?? .infinity }.max(), failed)
    }

    private var capacityEstimate: CapacityEstimate? {
        guard let held = heldPerSecond, let failed = failedPerSecond else { return nil }
        return CapacityEstimate(
            objectives, results, center: candidatePerSecond ?? (held * failed).squareRoot())
    }

    /// Do the steps around the bracket determine a line? Without one the estimate is only its middle.
    var hasLine: Bool { capacityEstimate?.slope != nil }

    /// Where the share of misses crosses the limit, from all steps around the bracket.
    func estimate() -> Double? {
        capacityEstimate.map { min($0.perSecond, rejectedPerSecond ?? .infinity) }
    }

    /// 95%, by bootstrap.
    func interval() -> ClosedRange<Double>? {
        guard let estimate = estimate(), let found = capacityEstimate?.interval(seed: settings.seed)
        else { return nil }
        return min(found.lowerBound, estimate)...max(found.upperBound, estimate)
    }

    /// How long the uploads of a rate stay alike: as a queue forgets its start so slowly, warm-ups are
    /// several times as long.
    func correlationSeconds(at rate: Double) -> Double { designEffect(near: rate) / rate }

    /// What steps with some misses near a rate have shown of the correlation between uploads.
    func designEffect(near rate: Double) -> Double {
        let near = results.filter { (0.75...1.35).contains($0.step.perSecond / rate) }
        return CapacityEstimate.designEffect(near) ?? 2
    }
}
