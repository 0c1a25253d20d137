import Foundation
import NetIO
import Presign
import Scenarios
import Transfer

/// Tries one cell after the other, and writes each row before the next begins.
final class GuardSession {
    private let plan: GuardPlan
    private let target: RunTarget
    private let directory: ResultsDirectory
    private let contexts: GuardContexts
    private let trial: GuardTrial
    private let file: ResultFile
    private let progress: GuardProgress
    private var record: GuardRecord
    /// Of a page that the embedded bucket lets in, so that there is one that it does not.
    static let ownOrigin = "https://app.example"

    init(
        _ plan: GuardPlan, _ target: RunTarget, _ directory: ResultsDirectory, startedAt: Date
    ) throws(CommandError) {
        self.plan = plan
        self.target = target
        self.directory = directory
        let run = RunName(startedAt: startedAt).text
        contexts = try GuardContexts(plan, target, run: run)
        let client = try SequentialClient(plan.base.client.engineSettings(target))
        trial = GuardTrial(contexts, client)
        progress = GuardProgress(
            count: plan.base.scenarios.count * plan.cases.count, isQuiet: plan.base.isQuiet)
        record = GuardRecord(plan: plan, target: target, run: run, startedAt: startedAt)
        do throws(ResultsError) {
            try directory.replace("run.json", with: record.json)
            file = try ResultFile(path: directory.file("guard.csv"))
            try file.append(GuardRow.header)
        } catch {
            throw error.commandError
        }
    }

    func run(isThere: () -> Bool) throws(CommandError) -> GuardReport {
        var report = GuardReport(
            rows: [], strategies: plan.base.scenarios, cases: plan.cases, target: targetText)
        if target.isEmbedded { try trial.allowOrigin(Self.ownOrigin) }
        for strategy in plan.base.scenarios where isThere() {
            // Where an honest upload is not taken, a refusal says nothing.
            let honest = trial.row(strategy, .honest)
            for guardCase in plan.cases where !Interruption.isRequested && isThere() {
                progress.show(strategy, guardCase)
                let row =
                    guardCase == .honest ? honest : row(strategy, guardCase, given: honest)
                if Interruption.isRequested { break }
                report.rows.append(row)
                do throws(ResultsError) {
                    try file.append(row.csv)
                } catch {
                    throw error.commandError
                }
            }
        }
        progress.clear()
        report.leftBehind = isThere() ? trial.sweep() : []
        report.isComplete =
            isThere() && report.rows.count == plan.base.scenarios.count * plan.cases.count
        try finish(report)
        return report
    }

    private func row(_ strategy: Strategy, _ guardCase: GuardCase, given honest: GuardRow)
        -> GuardRow
    {
        guard honest.outcome == .stored else {
            var row = GuardRow(strategy, guardCase, .notSupported)
            (row.httpStatus, row.errorCode) = (honest.httpStatus, honest.errorCode)
            row.note = "an honest upload is not taken either"
            return row
        }
        return trial.row(strategy, guardCase)
    }

    private func finish(_ report: GuardReport) throws(CommandError) {
        record.end(report, at: Date())
        do throws(ResultsError) {
            try file.close()
            try directory.replace("run.json", with: record.json)
        } catch {
            throw error.commandError
        }
    }

    private var targetText: String {
        target.isEmbedded ? "the embedded endpoint" : RunRecord.withoutSecrets(target.storeURL)
    }
}

/// One line that changes on a terminal, nothing elsewhere.
struct GuardProgress {
    private let count: Int
    private let isShown: Bool
    private final class Counter { var value = 0 }
    private let shown = Counter()

    init(count: Int, isQuiet: Bool) {
        self.count = count
        isShown = !isQuiet && Terminal.isInteractive
    }

    func show(_ strategy: Strategy, _ guardCase: GuardCase) {
        shown.value += 1
        guard isShown else { return }
        let line = "[\(shown.value)/\(count)] \(strategy.rawValue): \(guardCase.title)"
        Terminal.rewriteLine(String(line.prefix(Terminal.width - 1)))
    }

    func clear() {
        if isShown { Terminal.rewriteLine("") }
    }
}
