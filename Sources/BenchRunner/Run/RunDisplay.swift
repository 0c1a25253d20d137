import Foundation

/// What a run prints at its end.
struct RunDisplay {
    let plan: RunPlan
    let record: RunRecord
    let comparison: Comparison
    /// In this process.
    let finished: [CellResult]
    let path: String

    private var modelLine: String {
        guard let open = plan.open else {
            return
                "closed model, \(plan.concurrency) clients: how long an upload takes while they are all"
                + " busy; times from its start to its last answer"
        }
        return "open model, \(open.text): how long a user waits who comes at a given time; times"
            + " from an upload's intended start to its last answer"
    }

    func show() {
        let table = ComparisonTable(
            comparison: comparison, usesColor: plan.allowsColor, width: Terminal.tableWidth)
        Terminal.write(table.text(plan.tableFormat))
        guard plan.tableFormat == .table else { return }
        comparison.rows.filter { !$0.isRefused }.flatMap(FailureLine.lines).forEach {
            Terminal.write($0)
        }
        finished.flatMap(FailureLine.retried).forEach { Terminal.writeSentence($0) }
        for (strategy, answer) in record.unsupported {
            Terminal.writeSentence(
                "\(strategy.rawValue): not supported by this server (\(answer.text)), left out")
        }
        Findings(comparison).sentences.forEach { Terminal.writeSentence($0) }
        LoadFindings.lines(comparison).forEach { Terminal.writeSentence($0) }
        record.objectives.forEach { Terminal.writeSentence($0.text) }
        record.warnings.forEach { Terminal.writeSentence("warning: \($0)") }
        guard !plan.isQuiet else { return }
        Terminal.writeSentence(
            modelLine + "; * is the best of its block")
        if let link = plan.link, plan.isEmulatedLink {
            Terminal.writeSentence(
                "emulated: network '\(link)', API Gateway's and Lambda's limits; numbers in run.json"
            )
        }
        Terminal.write("results: \(path)")
    }
}
