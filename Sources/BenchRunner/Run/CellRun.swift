import Foundation
import Measure
import Scenarios
import Synchronization
import Transfer

/// Runs cells, each on worker threads of its own.
///
/// `measure(cell, load)` is for every command that needs uploads under a load: `run` gives it the
/// plan's, a search gives it one rate after the other.
struct CellRun {
    let plan: RunPlan
    let target: RunTarget
    let workload: Workload
    let scenarios: ScenarioFactory
    /// nil: no `samples.csv`.
    let writer: SampleWriter?
    let runStartNs: Int64
    /// nil where this process names all keys.
    var journal: KeyJournal?
    var budget: LoadBudget?

    private func engineSettings(_ cell: Cell) -> TransferConfiguration {
        var settings = plan.client.engineSettings(target, threads: plan.threads)
        if cell.scenario.isMultipart {
            // The API answers with a signed URL for each part.
            let largest = cell.sizeBytes ?? workload.entries.map(\.sizeBytes).max() ?? 0
            let parts = largest / plan.client.partBytes + 1
            settings.answerBodyLimitBytes = max(
                settings.answerBodyLimitBytes, Int(parts) * Self.signedURLBytes)
        }
        return settings
    }
    /// The most that one takes: about 500 bytes, and the session token of temporary credentials.
    private static let signedURLBytes = 4096
    private static let lookInterval = DispatchTimeInterval.milliseconds(50)

    /// Measures one cell; returns when its last upload has ended.
    ///
    /// - Parameters:
    ///   - load: what starts the uploads; by default the plan's.
    ///   - keepsTimes: hands each upload's times to `look` (`takeUploads`), and returns those that it
    ///     did not take, in the order of the intended starts.
    ///   - live: gets the seconds that are over while the cell runs.
    ///   - look: called on the calling thread about 20 times per second with the cell's counters;
    ///     may end the cell with `stop()`.
    /// - Throws: when a worker cannot be made (no descriptors, no memory).
    func measure(
        _ cell: Cell, _ load: Load? = nil, keepsTimes: Bool = false,
        live: LiveTimeline? = nil, look: (CellControl) -> Void = { _ in }
    ) throws(CommandError) -> CellResult {
        let load = load ?? plan.load(of: cell)
        let cpuBefore = processCPUNs()
        var cellBudget: CellBudget?
        if let budget {
            cellBudget = try CellBudget(budget, cell, workload, plan, region: target.region)
        }
        let line = StartLine()
        for index in 0..<plan.threads {
            let setup = setup(
                cell, index, cellBudget, keepsTimes: keepsTimes, live: live)
            let samples = SampleEncoder(
                cell: cell, runStartNs: runStartNs, choice: plan.samples, writer: writer)
            let threads = plan.threads
            line.addWorker(named: "worker \(index)") {
                try Worker(index: index, of: threads, setup: setup, samples: samples)
            }
        }
        let control = try line.start { startNs in
            CellControl(load, threads: plan.threads, startNs: startNs)
        }
        while !line.isOver(within: Self.lookInterval) {
            look(control)
            target.credentials?.refreshIfDue(now: Date().timeIntervalSince1970)
        }
        return result(cell, control, line.results, cpuNs: processCPUNs() - cpuBefore)
    }

    private func setup(
        _ cell: Cell, _ index: Int, _ budget: CellBudget?, keepsTimes: Bool, live: LiveTimeline?
    ) -> WorkerSetup {
        WorkerSetup(
            cell: cell, workload: workload, engineSettings: engineSettings(cell),
            keepsConnections: plan.client.connections == .kept, keepsTimes: keepsTimes,
            journal: journal, budget: budget,
            retry: RetryPlan(
                policy: plan.retry, strategy: cell.scenario, signer: plan.signer, seed: plan.seed),
            live: live, makeScenario: scenarios.maker(for: cell))
    }

    private func result(
        _ cell: Cell, _ control: CellControl, _ parts: [WorkerResult], cpuNs: Int64
    ) -> CellResult {
        var measured = CellMeasurements()
        for part in parts { measured.merge(part.measurements) }
        let windowEnd = control.lastStartNs.map {
            min($0, max(measured.lastEndedNs, monotonicNs()))
        }
        let end = windowEnd ?? measured.lastEndedNs
        var result = CellResult(
            cell: cell, load: control.load, link: target.link ?? "", measurements: measured,
            windowSeconds: max(0, Double(end - control.measureFromNs) / 1e9),
            clientCPUNs: max(0, cpuNs - parts.reduce(0) { $0 + $1.spunNs }),
            uploadsPaidFor: parts.reduce(0) { $0 + $1.endedUploads },
            isBeyondLimit: plan.isBeyondLimit(cell))
        result.clientBusyShare = parts.map(\.busyShare).max() ?? 0
        result.times = control.takeUploads().uploads.sorted { $0.intendedNs < $1.intendedNs }
        result.startNs = control.startNs
        let sinceNs = monotonicNs() - control.measureFromNs
        result.startUnixUs = Int64(Date().timeIntervalSince1970 * 1e6) - sinceNs / 1000
        return result
    }
}
