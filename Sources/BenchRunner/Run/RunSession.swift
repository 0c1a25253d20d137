import Foundation
import Measure
import Transfer

/// A run from its first cell to its last, with every finished cell on the disk before the next.
final class RunSession {
    private let plan: RunPlan
    private let directory: ResultsDirectory
    private var record: RunRecord
    private let results: ResultsWriter
    private let samples: SampleWriter
    /// nil where the real browser uploads.
    private let cellRun: CellRun?
    private let chromium: ChromiumClient?
    private let runStartNs: Int64
    private let progress: ProgressDisplay
    private let endpoint: EmbeddedEndpoint?
    private(set) var finished: [CellResult] = []
    /// With the other shards, where there are any.
    private let meeting: ShardMeeting?
    private let journal: KeyJournal?
    private let resumed: ResumedRun?
    private let lock: RunLock?
    private let budget: LoadBudget
    private var clock = ClockWatch()
    /// Why the cell that is under way cannot be written.
    private var diskFailure: ResultsError?

    init(
        _ plan: RunPlan, _ target: RunTarget, _ endpoint: EmbeddedEndpoint?, _ workload: Workload,
        _ directory: ResultsDirectory, startedAt: Date, chromium: ChromiumClient? = nil,
        given: GivenSettings? = nil, resumed: ResumedRun? = nil
    ) throws(CommandError) {
        self.plan = plan
        self.chromium = chromium
        self.resumed = resumed
        self.endpoint = endpoint
        meeting = try plan.sharding.map { sharding throws(CommandError) in
            try ShardMeeting(sharding, plan, target)
        }
        self.directory = directory
        record = RunRecord(plan: plan, target: target, startedAt: startedAt)
        record.selfCheck = SelfCheck.measure()
        record.given = given
        record.earlier = resumed?.earlier
        record.warnings = resumed?.warnings ?? []
        runStartNs = try Self.start(resumed, record, directory)
        do throws(ResultsError) {
            lock = if let resumed { resumed.lock } else { try RunLock(directory.path) }
            let continues = resumed != nil
            results = try ResultsWriter(directory, continues: continues)
            samples = try SampleWriter(
                path: directory.file("samples.csv"), continues: continues)
            journal =
                WrittenRecord.isNamedByAPI(plan, target)
                ? try KeyJournal(
                    directory, namePrefix: plan.api.folder, continues: continues) : nil
            // Last: a folder with a record has all that belongs to it.
            try directory.replace("run.json", with: record.json)
        } catch {
            throw error.commandError
        }
        budget = LoadBudget(plan.safety)
        cellRun =
            chromium == nil
            ? CellRun(
                plan: plan, target: target, workload: workload,
                scenarios: try ScenarioFactory(plan, target), writer: samples,
                runStartNs: runStartNs, journal: journal, budget: budget) : nil
        progress = ProgressDisplay(
            cellCount: plan.cells().count, doneBefore: resumed?.finished.count ?? 0,
            isQuiet: plan.isQuiet)
    }

    /// The run's start on the monotonic clock. A run that goes on says so in its record, and only then is
    /// rid of what was not finished.
    private static func start(
        _ resumed: ResumedRun?, _ record: RunRecord, _ directory: ResultsDirectory
    ) throws(CommandError) -> Int64 {
        guard let resumed else { return monotonicNs() }
        do throws(ResultsError) {
            try directory.replace("run.json", with: record.json)
        } catch {
            throw error.commandError
        }
        return try resumed.trim(nowNs: monotonicNs())
    }

    /// - Returns: the exit code; the results so far are on the disk whatever it is.
    func run() throws(CommandError) -> ExitCode {
        begin()
        do throws(CommandError) {
            try lookForSupport()
            for (number, cell) in plan.cells().enumerated()
            where mayGoOn && record.unsupported[cell.scenario] == nil
                && resumed?.contains(cell) != true
            {
                guard try measure(number, cell) else { break }
            }
        } catch {
            close(after: error)
            throw error
        }
        return try finish()
    }

    /// Says in the files, as far as they can still be written, that the run ended here.
    private func close(after error: CommandError) {
        progress.clear()
        record.end(.init(error), at: Date())
        try? samples.finish()
        try? results.finish()
        try? directory.replace("run.json", with: record.json)
    }

    func begin() {
        progress.note("results: \(directory.path)")
        if let resumed {
            progress.note(
                "resumed: \(resumed.finished.count) of \(plan.cells().count) cells are done")
        }
        if let check = record.selfCheck { progress.note(check.line) }
    }

    var mayGoOn: Bool {
        !Interruption.isRequested && isTargetThere && budget.reached == nil && !hasDiskFailed
    }

    private var hasDiskFailed: Bool { diskFailure != nil || samples.hasFailed }

    /// Strategies that the server has no operation for are left out, and said to be.
    private func lookForSupport() throws(CommandError) {
        guard let answer = try SupportProbe(plan: plan, target: record.target).formsUnsupported()
        else { return }
        record.unsupported[.presignedPost] = answer
        progress.note("presigned-post: not supported by this server (\(answer.text)), left out")
    }

    /// - Returns: false when the other shards are gone and nothing was measured.
    @discardableResult
    func measure(_ number: Int, _ cell: Cell) throws(CommandError) -> Bool {
        guard try meeting?.beforeCell(number) ?? true else { return false }
        let before = endpoint?.accounts()?.roles["gateway"]
        var result = try upload(cell)
        if let before, let after = endpoint?.accounts()?.roles["gateway"] {
            result.gatewayCPUNs = max(0, after.cpu_ns - before.cpu_ns)
            result.gatewayPeakBytes = after.peak_bytes
            result.lambda = after.lambda(since: before)
        }
        result.costPerMillion = CellCost(plan, region: record.target.region).perMillion(result)
        result.isCutOff = !mayGoOn
        finished.append(result)
        progress.finished(result)
        note(result)
        do throws(ResultsError) {
            if let diskFailure { throw diskFailure }
            try journal?.check()
            try samples.flush()
            record.samplesDropped = samples.droppedRows
            try results.append(result)
            try directory.replace("run.json", with: record.json)
        } catch {
            throw error.commandError
        }
        finished[finished.count - 1].measurements.pack()
        return true
    }

    private func upload(_ cell: Cell) throws(CommandError) -> CellResult {
        if let chromium {
            return try chromium.measure(
                cell, samples, runStartNs: runStartNs, link: record.target.link ?? "")
        }
        guard let cellRun else { preconditionFailure("without a browser there is a cell run") }
        let live = LiveTimeline(workers: plan.threads)
        return try cellRun.measure(cell, live: live) { control in
            progress.update(cell, control)
            write(live.take(), of: cell, control.load)
            // Load that leaves no results, or meets no target, is of no use to anybody.
            if hasDiskFailed || !isTargetThere { control.stop() }
        }
    }

    private func write(_ seconds: [Timeline.Second], of cell: Cell, _ load: Load) {
        guard diskFailure == nil else { return }
        do throws(ResultsError) {
            try results.append(seconds, of: cell, load)
        } catch {
            diskFailure = error
        }
    }

    /// What the record says of a cell that is over.
    private func note(_ result: CellResult) {
        if !result.isCutOff { record.session.cells += 1 }
        let retried = RetriedRecord(result)
        if !retried.isEmpty { record.retried.append(retried) }
        let lacking = result.measurements.failures.reduce(0) {
            $0 + ($1.key.errorCode == TransferFailure.noFileDescriptors.code ? $1.value : 0)
        }
        if lacking > 0, let advice = DescriptorLimit.advice(EMFILE) {
            record.warnings.append(
                "\(lacking) uploads of \(result.cell.title) found no file descriptor: \(advice)")
        }
        if let step = clock.step() {
            record.warnings.append(ClockWatch.warning(step, during: result.cell.title))
        }
    }

    private var isTargetThere: Bool { endpoint?.isServing() ?? true }

    /// - Parameter besides: prints what belongs under the table.
    func finish(
        isShown: Bool = true, besides: () -> Void = {}
    ) throws(CommandError) -> ExitCode {
        progress.clear()
        let isComplete = mayGoOn
        meeting?.leave()
        record.shardStart = meeting?.record
        record.warnings += meeting?.warnings ?? []
        record.rolesCPU = endpoint?.accounts()?.roles.mapValues { Double($0.cpu_ns) / 1e9 }
        record.end(isComplete ? .complete : unfinishedEnd, at: Date())
        let outcome = try closeFiles()
        if isShown {
            RunDisplay(
                plan: plan, record: record, comparison: outcome.comparison, finished: finished,
                path: directory.path
            ).show()
        }
        besides()
        try plan.outputs.write(record, outcome.comparison, directory.path)
        if isComplete { lock?.remove() }
        if let endpoint, !endpoint.isServing() {
            throw CommandError(
                exitCode: .targetUnavailable,
                message: "\(endpoint.end); partial results are in \(directory.path)")
        }
        if let limit = budget.reached, !Interruption.isRequested {
            throw CommandError(
                exitCode: .failure,
                message: budget.text(limit) + "; partial results are in \(directory.path)")
        }
        guard isComplete else {
            guard isShown else { return .interrupted }
            Terminal.writeError(
                "uploadbench: interrupted; partial results are in \(directory.path)")
            return .interrupted
        }
        if record.objectives.contains(where: { !$0.isMet }) { return .objectiveMissed }
        return outcome.hasFailedCell ? .failure : .success
    }

    /// Writes all that is left, and gathers what came of the run.
    private func closeFiles() throws(CommandError) -> RunOutcome {
        do throws(ResultsError) {
            try samples.finish()
            noteDroppedSamples()
            try results.finish()
            // Of a run that goes on, earlier cells are only in the files.
            if resumed != nil { try directory.replace("run.json", with: record.json) }
        } catch {
            throw error.commandError
        }
        let outcome =
            resumed == nil
            ? RunOutcome(finished, plan) : try RunOutcome(readFrom: directory.path, plan)
        record.objectives = outcome.objectives
        do throws(ResultsError) {
            try directory.replace("run.json", with: record.json)
        } catch {
            throw error.commandError
        }
        return outcome
    }

    private var unfinishedEnd: SessionRecord.End {
        if !isTargetThere { return .targetUnavailable }
        return Interruption.isRequested ? .interrupted : .limitReached
    }

    private func noteDroppedSamples() {
        record.samplesDropped = samples.droppedRows
        guard samples.droppedRows > 0 else { return }
        record.warnings.append(
            "samples.csv lacks \(samples.droppedRows) uploads: the disk was too slow to take them. All"
                + " other figures have them. --samples 1/10 or errors writes less")
    }
}
