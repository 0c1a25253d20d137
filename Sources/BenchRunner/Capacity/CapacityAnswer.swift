import Measure

/// What a search found for one strategy and size.
struct CapacityAnswer: Sendable {
    enum Verdict: String, Sendable {
        /// Bracket narrow, measured again, interval tight.
        case confirmed
        /// The generator was the limit; the target carries at least `lowPerSecond`.
        case generatorLimited = "generator-limited"
        case inconclusive
        /// Even the lowest rate misses the objective.
        case unattainable
        /// The strategy does not carry the size at all.
        case refused
        /// No objective is about it.
        case notAsked = "no-objective"
    }

    let scenario: Strategy
    let sizeBytes: Int64?
    let verdict: Verdict
    let reason: String
    /// nil where no number would be true.
    var perSecond: Double?
    /// 95%, or the bracket of an inconclusive search; nil where there is none.
    var lowPerSecond: Double?
    var highPerSecond: Double?

    /// Of a search that has ended, whatever ended it.
    init(_ search: CapacitySearch, _ cell: Cell) {
        scenario = cell.scenario
        sizeBytes = cell.sizeBytes
        (lowPerSecond, highPerSecond) = search.shown
        switch search.state {
        case .confirmed:
            (verdict, reason) = (.confirmed, "")
            takeEstimate(search)
        case .generatorLimited:
            (verdict, reason) = (.generatorLimited, search.results.last?.reason ?? "")
            highPerSecond = nil
        case .unattainable:
            (verdict, reason) = (.unattainable, "even the lowest rate tried misses it")
        case .inconclusive(let why):
            (verdict, reason) = (.inconclusive, why)
            // With the bracket narrow there is an estimate; it is only not as certain as asked.
            if search.candidatePerSecond != nil { takeEstimate(search) }
        case .searching: (verdict, reason) = (.inconclusive, "not finished")
        }
    }

    init(_ cell: Cell, _ verdict: Verdict, _ reason: String) {
        scenario = cell.scenario
        sizeBytes = cell.sizeBytes
        self.verdict = verdict
        self.reason = reason
    }

    private mutating func takeEstimate(_ search: CapacitySearch) {
        guard search.hasLine, let estimate = search.estimate(), let interval = search.interval()
        else { return }
        perSecond = estimate
        (lowPerSecond, highPerSecond) = (interval.lowerBound, interval.upperBound)
    }

    var title: String {
        scenario.rawValue + " " + (sizeBytes.map { Readable.bytes($0) } ?? "files")
    }
}

extension [CapacityAnswer] {
    /// The weakest answer decides.
    var exitCode: ExitCode {
        let verdicts = map(\.verdict).filter { $0 != .refused && $0 != .notAsked }
        if verdicts.contains(.inconclusive) || verdicts.contains(.generatorLimited) {
            return .inconclusive
        }
        return verdicts.contains(.unattainable) ? .objectiveMissed : .success
    }
}
