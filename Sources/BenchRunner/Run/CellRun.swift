import Foundation
import Measure
import Scenarios
import Synchronization
import Transfer

/// Runs one cell on its worker threads while the calling thread shows the progress.
struct CellRun {
    let plan: RunPlan
    let target: RunTarget
    let workload: Workload
    let scenarios: ScenarioFactory
    let writer: SampleWriter
    let runStartNs: Int64

    private var engineSettings: TransferConfiguration { plan.client.engineSettings(target) }

    func measure(_ cell: Cell, _ progress: ProgressDisplay) throws(CommandError) -> CellResult {
        let cpuBefore = processCPUNs()
        let control = CellControl(plan, cell, startNs: monotonicNs())
        let outcomes = WorkerOutcomes(count: plan.threads)
        let group = DispatchGroup()
        for index in 0..<plan.threads {
            group.enter()
            let thread = Thread {
                outcomes.set(index, work(cell, index, control))
                group.leave()
            }
            thread.name = "worker \(index)"
            thread.stackSize = 1 << 20
            thread.start()
        }
        while group.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
            progress.update(cell, control)
        }
        return try result(cell, control, outcomes, cpuNs: processCPUNs() - cpuBefore)
    }

    private func work(_ cell: Cell, _ index: Int, _ control: CellControl) -> WorkerOutcome {
        do {
            let worker = try Worker(
                index: index, of: plan.threads, cell: cell, control: control, workload: workload,
                samples: SampleEncoder(cell: cell, runStartNs: runStartNs, writer: writer),
                engineSettings: engineSettings,
                keepsConnections: plan.client.connections == .kept)
            let lanes =
                plan.concurrency / plan.threads + (index < plan.concurrency % plan.threads ? 1 : 0)
            let measured = worker.run(
                { scenarios.make(cell, worker: index, lane: $0) }, laneCount: lanes)
            return .measured(measured, ended: worker.endedUploads)
        } catch {
            return .failed("\(error)")
        }
    }

    private func result(
        _ cell: Cell, _ control: CellControl, _ outcomes: WorkerOutcomes, cpuNs: Int64
    ) throws(CommandError) -> CellResult {
        var measured = CellMeasurements()
        var ended = 0
        for outcome in outcomes.all {
            switch outcome {
            case .measured(let part, let count):
                measured.merge(part)
                ended += count
            case .failed(let reason):
                throw CommandError(
                    exitCode: .failure, message: "a worker could not start: \(reason)")
            }
        }
        let windowEnd = control.lastStartNs.map {
            min($0, max(measured.lastEndedNs, monotonicNs()))
        }
        let end = windowEnd ?? measured.lastEndedNs
        return CellResult(
            cell: cell, concurrency: plan.concurrency, link: target.link ?? "",
            measurements: measured,
            windowSeconds: max(0, Double(end - control.measureFromNs) / 1e9), clientCPUNs: cpuNs,
            uploadsPaidFor: ended, isBeyondLimit: plan.isBeyondLimit(cell))
    }
}

private enum WorkerOutcome: Sendable {
    case measured(CellMeasurements, ended: Int)
    case failed(String)
}

/// Where the workers leave what they measured.
private final class WorkerOutcomes: Sendable {
    private let slots: Mutex<[WorkerOutcome?]>

    init(count: Int) { slots = Mutex(Array(repeating: nil, count: count)) }

    func set(_ index: Int, _ outcome: WorkerOutcome) { slots.withLock { $0[index] = outcome } }

    var all: [WorkerOutcome] { slots.withLock { $0.compactMap { $0 } } }
}
