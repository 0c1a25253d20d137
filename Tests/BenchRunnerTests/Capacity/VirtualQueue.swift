import Foundation
import Measure
import Testbed

@testable import BenchRunner

/// A queue in virtual time that answers the steps of a search as real uploads would.
struct VirtualQueue {
    let service: ServiceTime
    let seed: UInt64

    struct Measured {
        let result: StepResult
        let measuredSeconds: Double
        let tookSeconds: Double
    }

    private static let lookNs: Int64 = 50_000_000
    private static let betweenStepsSeconds = 0.2

    func measure(_ step: SearchStep, _ search: CapacitySearch, number: Int) -> Measured {
        let seed = seed &* 1000 &+ UInt64(number)
        let warmup = max(0.5, 3 * search.correlationSeconds(at: step.perSecond))
        let warmupNs = Int64(warmup * 1e9)
        let endNs = warmupNs + Int64(step.longestSeconds * 1e9)
        let schedule = ArrivalSchedule(
            profile: RateProfile(constant: step.perSecond), spacing: .poisson, seed: seed)
        var judge = StepJudge(
            search.objectives, arrivals: schedule.stream(), measureFromNs: warmupNs,
            leastDesignEffect: search.designEffect(near: step.perSecond))
        var queue = ServiceQueue(service, seed: seed ^ 0xFACE)
        var arrivals = schedule.stream()
        var next = arrivals.next()
        var underWay: [(upload: StepUpload, endNs: Int64)] = []
        var decision = SequentialShareTest.Decision.undecided
        var now: Int64 = 0
        while now < endNs {
            now += Self.lookNs
            while let arrival = next, arrival.offsetNs < min(now, endNs) {
                let end = queue.end(ofArrivalAt: arrival.offsetNs)
                let response = end - arrival.offsetNs
                underWay.append(
                    (
                        StepUpload(
                            index: arrival.index, lateNs: 0, responseNs: response,
                            endedAfterNs: response), end
                    ))
                next = arrivals.next()
            }
            judge.add(underWay.filter { $0.endNs < now }.map(\.upload))
            underWay.removeAll { $0.endNs < now }
            judge.look(atNs: now, inFlight: underWay.count)
            guard now >= warmupNs + 1_000_000_000, now % (5 * Self.lookNs) == 0 else { continue }
            let evidence = judge.evidence
            decision = judge.verdict(evidence)
            let hits = evidence.map(\.effectiveHits).max() ?? 0
            if hits >= step.enoughHits || (step.endsWhenDecided && decision != .undecided) { break }
        }
        let reached = min(now, endNs)
        judge.add(underWay.map(\.upload))
        judge.finish(atNs: reached)
        let (verdict, reason) = StepConclusion(
            decision: decision, decisionFromStart: decision, evidence: judge.evidence,
            objectives: search.objectives,
            isRising: judge.trend.isRising, answeredShare: judge.answeredShare(untilNs: reached),
            keepsUp: judge.keepsUp(untilNs: reached),
            generator: .healthy, isConfirming: !step.endsWhenDecided
        ).verdict
        let seconds = Double(reached - warmupNs) / 1e9
        return Measured(
            result: StepResult(
                step: step, decision: verdict, reason: reason, evidence: judge.evidence),
            measuredSeconds: seconds, tookSeconds: seconds + warmup + Self.betweenStepsSeconds)
    }
}
