import Foundation

enum CostCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> ExitCode {
        if arguments.has("print-prices") {
            Terminal.write(PriceBook.embeddedText.trimmingCharacters(in: .newlines))
            return .success
        }
        let settings = try Settings(arguments, for: .cost)
        let format = try settings.choice("format", default: TableFormat.table)
        let allowsColor = Terminal.allowsColor(noColorFlag: try settings.isOn("no-color"))
        let isExplained = try settings.isOn("explain")
        let evidence = try arguments.operands.first.map { path throws(CommandError) in
            try CostEvidence(path: path)
        }
        let plan = try CostPlan(settings, run: evidence)
        let report = CostReport(plan: plan, invoices: try plan.invoices())
        switch format {
        case .json: Terminal.write(report.json)
        case .table: Terminal.write(report.text(usesColor: allowsColor, isExplained: isExplained))
        case .markdown: Terminal.write(report.markdown(isExplained: isExplained))
        }
        return .success
    }
}
