import Measure

/// Measures the steps of one search with real uploads.
struct StepRunner {
    let cellRun: CellRun
    let cell: Cell
    let objectives: [ShareObjective]
    let seed: UInt64
    let maxInFlight: Int
    /// The gateway's CPU time so far, in ns, where the target is ours.
    let gatewayCPUNs: () -> Int64?

    /// One step, as it is now, for whoever shows it.
    struct Glimpse {
        let step: SearchStep
        let elapsedSeconds: Double
        let isWarmingUp: Bool
        let inFlight: Int
        let evidence: [ShareEvidence]
    }

    struct Outcome {
        let result: StepResult
        let facts: StepFacts
        let measuredSeconds: Double
        let wasInterrupted: Bool
    }

    /// - Parameter number: of the step in the search: each has arrivals of its own.
    func run(
        _ step: SearchStep, number: Int, warmup: Duration, designEffect: Double,
        _ show: (Glimpse) -> Void
    ) throws(CommandError) -> Outcome {
        var random = SeededRandom(seed: seed ^ UInt64(number) &* 0xA24B_AED4_963E_E407)
        let schedule = ArrivalSchedule(
            profile: RateProfile(constant: step.perSecond), spacing: .poisson, seed: random.next())
        let warmupNs = warmup.wholeNanoseconds
        let longestNs = Int64(step.longestSeconds * 1e9)
        let load = Load(
            model: .open(OpenLoad(schedule: schedule, maxInFlight: maxInFlight)),
            extent: .duration(.nanoseconds(longestNs)), warmup: warmup)
        var watch = StepWatch(
            judge: StepJudge(
                objectives, arrivals: schedule.stream(), measureFromNs: warmupNs,
                leastDesignEffect: designEffect),
            warmupNs: warmupNs, longestNs: longestNs, step: step)
        let cpuBefore = gatewayCPUNs()
        var measured = try cellRun.measure(
            Cell(scenario: cell.scenario, sizeBytes: cell.sizeBytes, round: number), load,
            keepsTimes: true
        ) { control in
            watch.look(control)
            show(watch.glimpse)
        }
        watch.take(measured.times, startNs: measured.startNs)
        if let cpuBefore, let after = gatewayCPUNs() {
            measured.gatewayCPUNs = max(0, after - cpuBefore)
        }
        return watch.outcome(measured, objectives)
    }
}
