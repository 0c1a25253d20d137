import Foundation

/// `run --client chromium`: every cell three times in turn, by the native client, by the model of a browser,
/// and by a real one. The directory holds what the real one saw; `native` and `browser` in it are results
/// directories of the other two.
enum ChromiumRun {
    static func run(
        _ plan: RunPlan, _ target: RunTarget, _ endpoint: EmbeddedEndpoint?, _ workload: Workload,
        _ directory: ResultsDirectory, startedAt: Date
    ) throws(CommandError) -> ExitCode {
        let chromium = try ChromiumClient(plan, target)
        defer { chromium.stop() }
        let session = {
            (plan: RunPlan, directory: ResultsDirectory, client: ChromiumClient?)
                throws(CommandError) in
            try RunSession(
                plan, target, endpoint, workload, directory, startedAt: startedAt,
                chromium: client)
        }
        let native = try session(
            reference(plan, .native), inside(directory, "native", startedAt), nil)
        let modelled = try session(
            reference(plan, .browser), inside(directory, "browser", startedAt), nil)
        let real = try session(plan, directory, chromium)
        real.begin()
        for (number, cell) in plan.cells().enumerated() {
            for one in [native, modelled, real] where one.mayGoOn { try one.measure(number, cell) }
        }
        chromium.stop()
        // The first that fails is told, but not before all three have written what they have.
        var failure: CommandError?
        for one in [native, modelled] {
            do throws(CommandError) {
                _ = try one.finish(isShown: false)
            } catch {
                failure = failure ?? error
            }
        }
        let comparison = ClientComparison(
            native: native.finished, modelled: modelled.finished, real: real.finished,
            preflights: chromium.preflights)
        do throws(ResultsError) {
            try directory.replace("clients.csv", with: comparison.csv)
        } catch {
            throw error.commandError
        }
        let code = try real.finish { show(comparison, plan) }
        if let failure { throw failure }
        return code
    }

    private static func show(_ comparison: ClientComparison, _ plan: RunPlan) {
        guard plan.tableFormat == .table, !comparison.rows.isEmpty else { return }
        Terminal.write("")
        Terminal.write(
            "Chromium beside its model (--client browser); the difference is real to modelled")
        comparison.lines.forEach { Terminal.write($0) }
        Terminal.write("")
    }

    /// The same plan for another client, quietly.
    private static func reference(_ plan: RunPlan, _ kind: ClientPlan.Kind) -> RunPlan {
        var plan = plan
        plan.client.kind = kind
        plan.isQuiet = true
        plan.objectives = []
        plan.outputs = RunOutputs()
        return plan
    }

    private static func inside(
        _ directory: ResultsDirectory, _ name: String, _ startedAt: Date
    ) throws(CommandError) -> ResultsDirectory {
        do throws(ResultsError) {
            return try ResultsDirectory(
                requested: directory.file(name), name: name, startedAt: startedAt)
        } catch {
            throw error.commandError
        }
    }
}
