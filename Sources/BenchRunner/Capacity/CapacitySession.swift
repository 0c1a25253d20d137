import Foundation
import Measure

/// All that one `capacity` measures, from the first step to the answers.
final class CapacitySession {
    let asked: CapacityPlan
    let plan: RunPlan
    let directory: ResultsDirectory
    let display: CapacityDisplay
    let cellRun: CellRun
    let file: CapacityFile
    private let endpoint: EmbeddedEndpoint?
    private var record: RunRecord
    private let deadlineNs: Int64
    private let budget: LoadBudget
    private(set) var answers: [CapacityAnswer] = []
    private var extra: [String: Any] = [:]

    init(
        _ asked: CapacityPlan, _ plan: RunPlan, _ target: RunTarget, _ endpoint: EmbeddedEndpoint?,
        _ workload: Workload, startedNs: Int64
    ) throws(CommandError) {
        self.asked = asked
        self.plan = plan
        self.endpoint = endpoint
        deadlineNs = startedNs + asked.budget.wholeNanoseconds
        display = CapacityDisplay(deadlineNs: deadlineNs, isQuiet: plan.isQuiet)
        let startedAt = Date()
        record = RunRecord(plan: plan, target: target, startedAt: startedAt)
        let journal: KeyJournal?
        do throws(ResultsError) {
            directory = try ResultsDirectory(
                requested: plan.outputPath, name: "capacity", startedAt: startedAt)
            try directory.replace("run.json", with: record.json)
            file = try CapacityFile(directory)
            journal =
                WrittenRecord.isNamedByAPI(plan, target)
                ? try KeyJournal(directory, namePrefix: plan.api.folder) : nil
        } catch {
            throw error.commandError
        }
        budget = LoadBudget(plan.safety)
        cellRun = CellRun(
            plan: plan, target: target, workload: workload,
            scenarios: try ScenarioFactory(plan, target), writer: nil, runStartNs: monotonicNs(),
            journal: journal, budget: budget)
    }

    var secondsLeft: Double { Double(deadlineNs - monotonicNs()) / 1e9 }
    var isTargetThere: Bool { endpoint?.isServing() ?? true }
    var mayGoOn: Bool { !Interruption.isRequested && isTargetThere && budget.reached == nil }
    var gatewayCPUNs: Int64? { endpoint?.accounts()?.roles["gateway"]?.cpu_ns }

    private var cells: [Cell] {
        let sizes: [Int64?] = plan.filesPath == nil ? plan.sizesBytes : [nil]
        return plan.scenarios.flatMap { scenario in
            sizes.map { Cell(scenario: scenario, sizeBytes: $0, round: 1) }
        }
    }

    func run() throws(CommandError) -> ExitCode {
        display.note("results: \(directory.path)")
        if let objectives = asked.objectives { try search(objectives) }
        if !asked.sweep.isEmpty { try sweep() }
        if let demand = asked.demand, mayGoOn { try measureForPlanning(demand) }
        return try finish()
    }

    private func search(_ objectives: CapacityObjectives) throws(CommandError) {
        var left = cells
        while let cell = left.first, mayGoOn {
            // What an earlier search left of its part goes to those after it.
            let seconds = secondsLeft / Double(left.count + (asked.sweep.isEmpty ? 0 : 1))
            left.removeFirst()
            let answer = try answer(cell, objectives.concerning(cell), seconds: seconds)
            answers.append(answer)
            try write(CapacityRow(answer))
        }
    }

    private func answer(
        _ cell: Cell, _ objectives: [ShareObjective], seconds: Double
    ) throws(CommandError) -> CapacityAnswer {
        if plan.isBeyondLimit(cell) {
            return CapacityAnswer(cell, .refused, "does not carry this size")
        }
        guard !objectives.isEmpty else {
            return CapacityAnswer(cell, .notAsked, "no objective is about it")
        }
        return try SearchSession(self, cell, objectives, seconds: seconds).run()
    }

    func write(_ row: CapacityRow) throws(CommandError) {
        do throws(ResultsError) {
            try file.append(row)
        } catch {
            throw error.commandError
        }
    }

    // MARK: Sweep and planning

    private func sweep() throws(CommandError) {
        let seconds = secondsLeft
        let carried = cells.filter { !plan.isBeyondLimit($0) }
        let fits = try SweepSession(self, carried, seconds: seconds).run()
        extra["scalability"] = fits.map(\.object)
        guard plan.tableFormat != .json else { return }
        for fit in fits { Terminal.write(fit.text) }
    }

    private func measureForPlanning(_ demand: CapacityPlan.Demand) throws(CommandError) {
        var loads: [PlanningLoad] = []
        for cell in cells where mayGoOn && !plan.isBeyondLimit(cell) {
            let before = gatewayCPUNs
            display.note("  measuring \(cell.scenario.rawValue) for the plan")
            var result = try cellRun.measure(
                cell,
                Load(
                    model: .closed(clients: plan.concurrency), extent: .duration(.seconds(2)),
                    warmup: .milliseconds(500)))
            if let before, let after = gatewayCPUNs { result.gatewayCPUNs = max(0, after - before) }
            loads.append(
                PlanningLoad(
                    result, capacity: answers.first { $0.concerns(cell) }?.perSecond,
                    partBytes: plan.client.partBytes, source: "measured now"))
        }
        let planning = Planning(demand: demand, loads: loads, threads: plan.threads)
        extra["planning"] = planning.object
        if plan.tableFormat != .json { Terminal.write(planning.text) }
    }

    // MARK: The end

    private func finish() throws(CommandError) -> ExitCode {
        display.clear()
        let isComplete = mayGoOn
        record.endedAt = Date()
        record.rolesCPU = endpoint?.accounts()?.roles.mapValues { Double($0.cpu_ns) / 1e9 }
        record.status = isComplete ? .complete : .partial
        let table = CapacityTable(
            answers: answers, objectives: asked.objectives?.texts ?? [], extra: extra)
        do throws(ResultsError) {
            try file.close()
            try directory.replace("run.json", with: record.json)
            try directory.replace(
                "capacity.json", with: Array((JSONText.render(table.object) + "\n").utf8))
        } catch {
            throw error.commandError
        }
        if !answers.isEmpty || plan.tableFormat == .json {
            Terminal.write(table.text(plan.tableFormat))
        }
        display.note("results: \(directory.path)")
        guard isTargetThere else {
            throw CommandError(
                exitCode: .targetUnavailable,
                message: "the embedded endpoint ended; partial results are in \(directory.path)")
        }
        if let limit = budget.reached, !Interruption.isRequested {
            throw CommandError(
                exitCode: .failure,
                message: budget.text(limit) + "; partial results are in \(directory.path)")
        }
        guard isComplete else {
            Terminal.writeError(
                "uploadbench: interrupted; partial results are in \(directory.path)")
            return .interrupted
        }
        return answers.exitCode
    }
}

extension CapacityAnswer {
    func concerns(_ cell: Cell) -> Bool {
        scenario == cell.scenario && sizeBytes == cell.sizeBytes
    }
}
