import Measure

/// Follows one step: feeds the judge, ends the step when it has decided.
struct StepWatch {
    var judge: StepJudge
    let warmupNs: Int64
    let longestNs: Int64
    let step: SearchStep

    private var elapsedNs: Int64 = 0
    private var inFlight = 0
    private var lastLookNs: Int64 = 0
    /// When starting ended, since the step's start.
    private var endedNs: Int64?
    private(set) var decision = SequentialShareTest.Decision.undecided
    private(set) var evidence: [ShareEvidence] = []

    private static let lookEveryNs: Int64 = 250_000_000
    private static let shortestNs: Int64 = 1_000_000_000
    private static let fewestUploads = 30
    /// Misses before a confirmation may end early because it fails.
    private static let hitsToFail = 10.0
    private static let drainNs: Int64 = 5_000_000_000

    init(judge: StepJudge, warmupNs: Int64, longestNs: Int64, step: SearchStep) {
        self.judge = judge
        self.warmupNs = warmupNs
        self.longestNs = longestNs
        self.step = step
    }

    var glimpse: StepRunner.Glimpse {
        StepRunner.Glimpse(
            step: step, elapsedSeconds: Double(max(0, elapsedNs - warmupNs)) / 1e9,
            isWarmingUp: elapsedNs < warmupNs, inFlight: inFlight, evidence: evidence)
    }

    mutating func look(_ control: CellControl) {
        let now = monotonicNs()
        elapsedNs = now - control.startNs
        inFlight = control.inFlight
        let (uploads, untilNs) = control.takeUploads()
        add(uploads, startNs: control.startNs)
        if let endedNs {
            // What is late by now is late: no need to wait for the last of it.
            if elapsedNs - endedNs > max(Self.drainNs, 2 * judge.patienceNs) { control.stop() }
            return
        }
        if elapsedNs >= warmupNs + longestNs { return end(at: warmupNs + longestNs) }
        // All that ended by then has been handed over.
        let known = untilNs - control.startNs
        guard known > 0 else { return }
        judge.look(atNs: known, inFlight: inFlight)
        guard elapsedNs >= warmupNs + Self.shortestNs, elapsedNs - lastLookNs >= Self.lookEveryNs
        else { return }
        lastLookNs = elapsedNs
        evidence = judge.evidence
        decision = judge.verdict(evidence)
        if isOver {
            end(at: elapsedNs)
            control.stopStarting()
        }
    }

    private mutating func end(at time: Int64) { endedNs = time }

    private var isOver: Bool {
        guard judge.countedUploads >= Self.fewestUploads else { return false }
        let hits = evidence.map(\.effectiveHits).max() ?? 0
        if hits >= step.enoughHits { return true }
        switch decision {
        case .undecided: return false
        case .fails: return step.endsWhenDecided || hits >= Self.hitsToFail
        case .holds:
            guard step.endsWhenDecided, !judge.trend.isRising else { return false }
            return judge.keepsUp(untilNs: judge.lookedUntilNs)
        }
    }

    mutating func take(_ uploads: [UploadTimes], startNs: Int64) {
        add(uploads, startNs: startNs)
    }

    private mutating func add(_ uploads: [UploadTimes], startNs: Int64) {
        judge.add(
            uploads.compactMap { upload in
                guard upload.outcome != .cancelled else { return nil }
                let ended = upload.outcome == .overflow ? upload.intendedNs : upload.endedNs
                return StepUpload(
                    index: upload.upload, lateNs: max(0, upload.startedNs - upload.intendedNs),
                    responseNs: upload.responseNs,
                    endedAfterNs: ended - upload.intendedNs)
            })
    }

    // MARK: The end

    mutating func outcome(
        _ measured: CellResult, _ objectives: [ShareObjective]
    ) -> StepRunner.Outcome {
        let end = endedNs ?? min(elapsedNs, warmupNs + longestNs)
        judge.finish(atNs: end)
        evidence = judge.evidence
        if decision == .undecided { decision = judge.verdict(evidence) }
        var facts = StepFacts(measured)
        facts.seconds = max(0, Double(end - warmupNs) / 1e9)
        facts.inFlightMean = judge.trend.mean
        facts.inFlightSlopePerSecond = judge.trend.slopePerSecond
        let answered = judge.answeredShare(untilNs: end)
        if facts.seconds > 0 {
            let offered = Double(judge.arrived(untilNs: end)) / facts.seconds
            facts.offeredPerSecond = offered
            facts.achievedPerSecond = answered.map { $0 * offered }
        }
        let (verdict, reason) = StepConclusion(
            decision: decision, decisionFromStart: judge.verdict(judge.evidenceFromStart),
            evidence: evidence, objectives: objectives,
            isRising: judge.trend.isRising, answeredShare: answered,
            keepsUp: judge.keepsUp(untilNs: end),
            generator: GeneratorState(measured, objectives),
            isConfirming: step.phase == .confirmation || step.phase == .margin
        ).verdict
        return StepRunner.Outcome(
            result: StepResult(step: step, decision: verdict, reason: reason, evidence: evidence),
            facts: facts, measuredSeconds: facts.seconds,
            wasInterrupted: Interruption.isRequested)
    }
}
