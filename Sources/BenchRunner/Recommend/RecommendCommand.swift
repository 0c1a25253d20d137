extension Command {
    static let recommend = Command(
        name: "recommend",
        summary: "says which strategy to take for stated needs, and why, from a run and its costs",
        usage: ["recommend RUN [NEEDS] [FLAGS]"],
        details: """
            RUN is a results directory of 'run'. What cannot hold the needs is ruled out, by rows of the run or
            by documented facts; of the rest it names the fastest, the cheapest and the simplest, and takes the
            one that --prefer asks for. Behind each sentence stands what it follows from: lines of summary.csv,
            facts and prices, with their sources at the end. Exit code 3: nothing fits.

            example:
              uploadbench recommend results/2026-04-10T22-48-18Z-run --max-size 20MB --must-limit-size \\
                --must-review --browser --uploads 10M --budget 500
            """,
        flags: needs + CostFlags.volume + CostFlags.output, operands: 1...1,
        run: { arguments throws(CommandError) in try RecommendCommand.run(arguments) })

    private static let needs = [
        Flag(name: "max-size", valueName: "BYTES", help: "the largest file that must pass: 20MB"),
        Flag(name: "must-limit-size", help: "larger files must be refused before they are stored"),
        Flag(name: "must-check-type", help: "a file must be what it says it is"),
        Flag(name: "must-not-overwrite", help: "nothing that was stored may be replaced"),
        Flag(name: "must-review", help: "the API must look at what was stored"),
        Flag(name: "browser", help: "the files come from web pages: preflights are paid for"),
        Flag(name: "budget", valueName: "USD", help: "per month, for the stated volume"),
        Flag(
            name: "prefer", valueName: "WHAT",
            help: "of those that fit: cheapest (default), fastest or simplest"),
    ]
}

enum RecommendCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> ExitCode {
        let settings = try Settings(arguments, for: .recommend)
        let format = try settings.choice("format", default: TableFormat.table)
        let needs = try Needs(settings)
        let run: RecordedRun
        let evidence: CostEvidence
        do throws(RecordedError) {
            run = try RecordedRun(arguments.operands[0])
            try run.tellWhatIsMissing()
            evidence = try CostEvidence(run)
        } catch {
            throw error.commandError
        }
        let report = try report(settings, needs, run, evidence)
        switch format {
        case .json: Terminal.write(report.json)
        case .table: Terminal.write(report.text(isMarkdown: false))
        case .markdown: Terminal.write(report.text(isMarkdown: true))
        }
        return report.recommendation.pick == nil ? .objectiveMissed : .success
    }

    static func report(
        _ settings: Settings, _ needs: Needs, _ run: RecordedRun, _ evidence: CostEvidence
    ) throws(CommandError) -> RecommendationReport {
        var plan = try CostPlan(settings, run: evidence)
        // Every strategy is judged, those that the run left out by what is documented.
        plan.strategies = Strategy.allCases
        if needs.isFromBrowser { plan.basis.client = .browser }
        if settings.value("size-distribution") == nil, let maxBytes = needs.maxBytes,
            case .listed(let shares) = plan.shares
        {
            let allowed = shares.filter { $0.bytes <= maxBytes }
            if !allowed.isEmpty { plan.shares = .listed(allowed) }
        }
        if plan.basis.signer == .local { plan.strategies.removeAll(where: \.needsBackend) }
        let facts = RecommendationFacts(
            capabilities: .embedded, measured: MeasuredStrategy.all(run.cells), basis: plan.basis)
        return RecommendationReport(
            recommendation: Recommendation(needs, facts, try plan.invoices()), plan: plan, run: run)
    }
}
