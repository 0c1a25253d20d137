import Measure

/// The search for one strategy and size, with real uploads.
struct SearchSession {
    private let session: CapacitySession
    private let cell: Cell
    private let objectives: [ShareObjective]
    private let deadlineNs: Int64

    private static let baselineUploads = 30
    private static let baselineNs: Int64 = 3_000_000_000
    /// Of one client's rate, which the target has carried already.
    private static let startShare = 0.25
    private static let shortestWarmup = 0.5
    private static let longestWarmup = 10.0
    private static let warmupCorrelations = 3.0
    private static let settleNs: Int64 = 20_000_000_000

    init(
        _ session: CapacitySession, _ cell: Cell, _ objectives: [ShareObjective], seconds: Double
    ) {
        self.session = session
        self.cell = cell
        self.objectives = objectives
        deadlineNs = monotonicNs() + Int64(seconds * 1e9)
    }

    private var secondsLeft: Double { Double(deadlineNs - monotonicNs()) / 1e9 }

    func run() throws(CommandError) -> CapacityAnswer {
        let title = CapacityAnswer(cell, .inconclusive, "").title
        session.display.note("\(title)  " + objectives.map(\.text).joined(separator: ", "))
        let baseline = try baseline()
        guard let oneClient = baseline.responseSeconds else {
            return CapacityAnswer(cell, .inconclusive, baseline.reason)
        }
        guard !baseline.misses else {
            return CapacityAnswer(
                cell, .unattainable,
                "one client alone takes \(Readable.microseconds(oneClient * 1e6)) (median)")
        }
        return try search(oneClient)
    }

    private func search(_ oneClient: Double) throws(CommandError) -> CapacityAnswer {
        var settings = CapacitySearch.Settings(
            startPerSecond: session.asked.startPerSecond ?? Self.startShare / oneClient)
        let warmup = session.asked.warmup?.inSeconds ?? max(Self.shortestWarmup, 8 * oneClient)
        let longest = objectives.compactMap(\.limitNs).max().map { Double($0) / 1e9 } ?? 0
        settings.quickSeconds = max(settings.quickSeconds, 3 * longest)
        settings.overheadSeconds = warmup + 2 * oneClient + 0.3
        settings.seed = session.plan.seed
        let runner = StepRunner(
            cellRun: session.cellRun, cell: cell, objectives: objectives,
            seed: session.plan.seed, maxInFlight: session.asked.maxInFlight
        ) { session.gatewayCPUNs }
        var search = CapacitySearch(objectives, settings)
        while session.mayGoOn, let step = search.next(secondsLeft: secondsLeft) {
            let startNs = monotonicNs()
            let number = search.results.count + 1
            let outcome = try runner.run(
                step, number: number,
                warmup: self.warmup(warmup, search.correlationSeconds(at: step.perSecond)),
                designEffect: search.designEffect(near: step.perSecond)
            ) { session.display.update($0, objectives) }
            session.display.finished(outcome, number: number, objectives)
            try session.write(CapacityRow(cell, step: number, outcome, objectives))
            guard !outcome.wasInterrupted else { break }
            if outcome.result.decision != .pass { try settle(oneClient) }
            search.record(
                outcome.result, measuredSeconds: outcome.measuredSeconds,
                tookSeconds: Double(monotonicNs() - startNs) / 1e9)
        }
        if !session.mayGoOn {
            search.end(because: Interruption.isRequested ? "interrupted" : "the target ended")
        }
        return CapacityAnswer(search, cell)
    }

    /// Until the queues have forgotten that they were empty, where the user did not say.
    private func warmup(_ base: Double, _ correlation: Double) -> Duration {
        guard session.asked.warmup == nil else { return .nanoseconds(Int64(base * 1e9)) }
        let seconds = min(Self.longestWarmup, max(base, Self.warmupCorrelations * correlation))
        return .nanoseconds(Int64(seconds * 1e9))
    }

    // MARK: Without load

    private struct Baseline {
        /// Median; nil without a success.
        var responseSeconds: Double?
        /// Already one client alone misses an objective.
        var misses = false
        var reason = ""
    }

    /// What one client sees that has the target for itself.
    private func baseline() throws(CommandError) -> Baseline {
        let load = Load(
            model: .closed(clients: 1), extent: .uploads(Self.baselineUploads), warmup: .zero)
        let measured = try cellRun(load, limitNs: Self.baselineNs)
        guard let median = measured.measurements[.service].valueUs(atPercentile: 50) else {
            let failure = measured.measurements.failures.max { $0.value < $1.value }?.key
            let status = failure?.httpStatus.map { " \($0)" } ?? ""
            return Baseline(
                reason: "no upload succeeded: \(failure?.outcome.rawValue ?? "none ended")\(status)"
                    + " \(failure?.errorCode ?? "")")
        }
        return Baseline(
            responseSeconds: Double(max(median, 1)) / 1e6, misses: misses(measured.measurements))
    }

    private func misses(_ measured: CellMeasurements) -> Bool {
        let all = measured.uploads + measured.errors
        return objectives.contains { objective in
            let late = objective.limitNs.map { limit in
                measured[.response].buckets.filter { $0.lowestUs > limit / 1000 }
                    .reduce(0) { $0 + Int($1.count) }
            }
            let evidence = ShareEvidence([.init(count: all, hits: late ?? measured.errors)])
            return SequentialShareTest(limit: objective.share).decide(evidence) == .fails
        }
    }

    /// After an overload the target may still be at work: waits until one client is served as before.
    private func settle(_ oneClient: Double) throws(CommandError) {
        let until = monotonicNs() + min(Self.settleNs, Int64(max(0, secondsLeft) / 4 * 1e9))
        let load = Load(model: .closed(clients: 1), extent: .uploads(5), warmup: .zero)
        while session.mayGoOn, monotonicNs() < until {
            let measured = try cellRun(load, limitNs: max(1, until - monotonicNs())).measurements
            if let median = measured[.service].valueUs(atPercentile: 50),
                Double(median) / 1e6 <= 3 * oneClient + 0.002
            {
                return
            }
        }
    }

    private func cellRun(_ load: Load, limitNs: Int64) throws(CommandError) -> CellResult {
        let startNs = monotonicNs()
        return try session.cellRun.measure(cell, load) { control in
            session.display.update { "without load" }
            let passed = monotonicNs() - startNs
            if passed > limitNs { control.stopStarting() }
            if passed > limitNs + Self.settleNs { control.stop() }
        }
    }
}
