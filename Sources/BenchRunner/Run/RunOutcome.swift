/// What came of all cells of a run.
struct RunOutcome {
    let comparison: Comparison
    let objectives: [ObjectiveVerdict]
    /// A cell without any success, unless its size was known to be refused; or no cell at all.
    let hasFailedCell: Bool

    init(_ finished: [CellResult], _ plan: RunPlan) {
        let comparison = Comparison(finished)
        self.comparison = comparison
        objectives = plan.objectives.flatMap { $0.verdicts(comparison.rows) }
        hasFailedCell =
            finished.isEmpty
            || finished.contains { $0.measurements.uploads == 0 && !$0.isBeyondLimit }
    }

    /// Of a run that went on in several processes: every percentile is that of the histograms of all
    /// cells together.
    init(readFrom path: String, _ plan: RunPlan) throws(CommandError) {
        do throws(RecordedError) {
            let run = try RecordedRun(path)
            comparison = run.comparison(try RecordedDetail(run))
            objectives = try ObjectiveVerdict.all(plan.objectives, run)
            hasFailedCell =
                run.cells.isEmpty
                || run.cells.contains { cell in
                    guard cell.uploads == 0, let strategy = Strategy(rawValue: cell.scenario)
                    else { return false }
                    return !plan.isBeyondLimit(
                        Cell(scenario: strategy, sizeBytes: cell.sizeBytes, round: cell.round))
                }
        } catch {
            throw error.commandError
        }
    }
}
