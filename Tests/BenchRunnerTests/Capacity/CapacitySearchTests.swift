import Foundation
import Measure
import Testbed
import Testing

@testable import BenchRunner

@Suite struct CapacitySearchTests {
    private static func late(_ limit: Double, share: Double) -> ShareObjective {
        ShareObjective(text: "", miss: .later(than: Int64(limit * 1e9)), share: share)
    }

    /// In M/M/1 a share of e^(−(μ − λ)T) takes longer than T: the highest rate is μ − ln(1/(1 − p))/T.
    @Test(arguments: [(1000.0, 0.02, 0.9), (800, 0.03, 0.9), (1500, 0.012, 0.9)])
    func `the rate found in M/M/1 is the one of theory`(
        perSecond: Double, limit: Double, percentile: Double
    ) {
        let truth = perSecond - log(1 / (1 - percentile)) / limit
        var confirmed = 0
        for seed: UInt64 in 1...2 {
            let queue = VirtualQueue(
                service: ServiceTime(
                    .exponential, meanNs: Int64(1e9 / perSecond), servers: 1), seed: seed)
            var search = CapacitySearch(
                [Self.late(limit, share: 1 - percentile)], .init(startPerSecond: perSecond / 10))
            var left = 240.0
            while let step = search.next(secondsLeft: left) {
                let measured = queue.measure(step, search, number: search.results.count + 1)
                left -= measured.tookSeconds
                search.record(
                    measured.result, measuredSeconds: measured.measuredSeconds,
                    tookSeconds: measured.tookSeconds)
            }
            if search.state == .confirmed { confirmed += 1 }
            #expect(left >= 0)
            let found = search.estimate() ?? 0
            #expect(abs(found / truth - 1) < 0.05, "found \(found), truth \(truth), seed \(seed)")
        }
        #expect(confirmed > 0)
    }

    // MARK: The order of the steps

    /// Answers every step by its rate alone.
    private func run(
        _ search: inout CapacitySearch, budget: Double = 10_000,
        _ missedShare: (Double) -> Double
    ) -> [SearchStep] {
        var left = budget
        var steps: [SearchStep] = []
        while let step = search.next(secondsLeft: left), steps.count < 200 {
            steps.append(step)
            let share = missedShare(step.perSecond)
            let evidence = ShareEvidence(
                (0..<20).map { _ in .init(count: 1000, hits: Int(1000 * share)) })
            let test = SequentialShareTest(limit: 0.01).decide(evidence)
            let decision: StepResult.Decision =
                test == .holds ? .pass : test == .fails ? .fail : .inconclusive
            let took = step.longestSeconds + 1
            left -= took
            search.record(
                StepResult(step: step, decision: decision, reason: "", evidence: [evidence]),
                measuredSeconds: step.longestSeconds, tookSeconds: took)
        }
        return steps
    }

    private func search(start: Double = 10) -> CapacitySearch {
        CapacitySearch([Self.late(0.1, share: 0.01)], .init(startPerSecond: start))
    }

    @Test func `rates double until one fails, then the bracket is halved to 5%, then confirmed`() {
        var search = search()
        let steps = run(&search) { min(0.99, 0.01 * exp(($0 - 100) / 8)) }
        let doubling = steps.filter { $0.phase == .doubling }.map(\.perSecond)
        #expect(doubling == [10, 20, 40, 80, 160])
        let bisection = steps.filter { $0.phase == .bisection }.map(\.perSecond)
        #expect(abs((bisection.first ?? 0) - (80.0 * 160).squareRoot()) < 1e-9)
        #expect((search.failedPerSecond ?? 0) / (search.heldPerSecond ?? 1) <= 1.05)
        let confirmations = steps.filter { $0.phase == .confirmation }
        let margins = steps.filter { $0.phase == .margin }
        #expect(confirmations.count >= 3 && margins.count >= 3)
        #expect(abs((margins.first?.perSecond ?? 0) / confirmations[0].perSecond - 0.9) < 1e-9)
        #expect(search.state == .confirmed)
        #expect(abs((search.estimate() ?? 0) / 100 - 1) < 0.01)
        let interval = search.interval()
        #expect(interval?.contains(100) ?? false)
    }

    @Test func `a first rate that fails is halved until one holds`() {
        var search = search(start: 1000)
        let steps = run(&search) { min(0.99, 0.01 * exp(($0 - 100) / 8)) }
        #expect(steps.prefix(5).map(\.perSecond) == [1000, 500, 250, 125, 62.5])
        #expect(search.state == .confirmed)
    }

    @Test func `what fails at every rate has no capacity`() {
        var search = search()
        _ = run(&search) { _ in 0.5 }
        #expect(search.state == .unattainable)
        let answer = CapacityAnswer(
            search, Cell(scenario: .presignedPut, sizeBytes: 1, round: 1))
        #expect(answer.verdict == .unattainable && answer.perSecond == nil)
    }

    @Test func `what never fails is not given a number`() {
        var search = search()
        _ = run(&search) { _ in 0 }
        guard case .inconclusive = search.state else {
            Issue.record("\(search.state)")
            return
        }
        let answer = CapacityAnswer(
            search, Cell(scenario: .presignedPut, sizeBytes: 1, round: 1))
        #expect(answer.perSecond == nil)
        #expect(answer.lowPerSecond ?? 0 > 100_000 && answer.highPerSecond == nil)
    }

    @Test(arguments: [12.0, 30, 60])
    func `the search ends within its budget and says so`(budget: Double) {
        var search = search()
        let steps = run(&search, budget: budget) { min(0.99, 0.01 * exp(($0 - 100) / 8)) }
        #expect(steps.reduce(0) { $0 + $1.longestSeconds + 1 } <= budget)
        guard search.state != .confirmed else { return }
        #expect(
            [CapacityAnswer(search, Cell(scenario: .presignedPut, sizeBytes: 1, round: 1))]
                .exitCode == .inconclusive)
    }

    @Test func `a generator that is the limit ends the search without a rate`() {
        var search = search()
        for _ in 0..<3 {
            guard let step = search.next(secondsLeft: 1000) else { break }
            search.record(
                StepResult(
                    step: step, decision: .generatorLimited, reason: "late", evidence: []),
                measuredSeconds: 1, tookSeconds: 2)
        }
        #expect(search.state == .generatorLimited)
        let answer = CapacityAnswer(
            search, Cell(scenario: .presignedPut, sizeBytes: 1, round: 1))
        #expect(answer.verdict == .generatorLimited && answer.perSecond == nil)
        #expect(search.next(secondsLeft: 1000) == nil)
    }

    private func conclude(
        _ decision: SequentialShareTest.Decision, withoutLateness: SequentialShareTest.Decision,
        lagUs: Int64, isConfirming: Bool = false
    ) -> StepResult.Decision {
        StepConclusion(
            decision: decision, decisionFromStart: withoutLateness,
            evidence: [ShareEvidence([.init(count: 100, hits: 1)])],
            objectives: [Self.late(0.1, share: 0.01)], isRising: false, answeredShare: 1,
            keepsUp: true,
            generator: GeneratorState(isBusy: false, lagP99Us: lagUs, limitUs: 100_000),
            isConfirming: isConfirming
        ).verdict.0
    }

    @Test func `a failure is the target's when it stands without the generator's lateness`() {
        #expect(conclude(.fails, withoutLateness: .fails, lagUs: 50_000) == .fail)
        #expect(conclude(.fails, withoutLateness: .holds, lagUs: 50_000) == .generatorLimited)
        #expect(conclude(.fails, withoutLateness: .holds, lagUs: 5000) == .fail)
    }

    @Test func `a late generator confirms nothing`() {
        #expect(conclude(.holds, withoutLateness: .holds, lagUs: 5000) == .pass)
        #expect(conclude(.holds, withoutLateness: .holds, lagUs: 50_000) == .inconclusive)
        #expect(
            conclude(.holds, withoutLateness: .holds, lagUs: 50_000, isConfirming: true)
                == .generatorLimited)
    }

    @Test func `a rate that was gone on from without a decision is not said to hold`() {
        var search = search()
        for decision in [StepResult.Decision.pass, .inconclusive, .fail] {
            guard let step = search.next(secondsLeft: 1000) else { break }
            let evidence = ShareEvidence([.init(count: 100, hits: decision == .fail ? 90 : 0)])
            search.record(
                StepResult(step: step, decision: decision, reason: "", evidence: [evidence]),
                measuredSeconds: 1, tookSeconds: 2)
        }
        search.end(because: "interrupted")
        let answer = CapacityAnswer(
            search, Cell(scenario: .presignedPut, sizeBytes: 1, round: 1))
        #expect(answer.lowPerSecond == 10 && answer.highPerSecond == 40)
        #expect(answer.perSecond == nil)
    }

    @Test func `a step is repeated after the generator was disturbed once`() {
        var search = search()
        let first = search.next(secondsLeft: 1000)
        if let first {
            search.record(
                StepResult(
                    step: first, decision: .generatorLimited, reason: "late", evidence: []),
                measuredSeconds: 1, tookSeconds: 2)
        }
        #expect(search.next(secondsLeft: 1000)?.perSecond == first?.perSecond)
    }
}

extension GeneratorState {
    static let healthy = GeneratorState(isBusy: false, lagP99Us: nil, limitUs: 1)
}
