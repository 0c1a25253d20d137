/// The flags of `compare`, in the order in which its help shows them.
enum CompareFlags {
    static let all = rules + outputs + history

    private static let rules: [Flag] =
        [
            Flag(
                name: "metrics", valueName: "LIST",
                help: "of \(GateMetric.allCases.map(\.rawValue).joined(separator: ", "))"
                    + " (default: all but gateway-cpu)"),
            Flag(
                name: "margin", valueName: "PERCENT", help: "that is tolerated, for every metric"),
        ]
        + GateMetric.allCases.filter { $0 != .errors }.map { metric in
            Flag(
                name: "margin-\(metric.rawValue)", valueName: "PERCENT",
                help: "for \(metric.title) (default \(Readable.percent(metric.defaultMargin)))")
        }
        + [
            Flag(
                name: "alpha", valueName: "SHARE",
                help: "chance of a false alarm among all comparisons together (default 5%)"),
            Flag(name: "ignore-plan", help: "compare runs that were not told to do the same"),
        ]

    private static let outputs = [
        Flag(name: "format", valueName: "HOW", help: "table (default), json or markdown"),
        Flag(name: "junit", valueName: "FILE", help: "write JUnit XML too"),
        Flag(name: "markdown", valueName: "FILE", help: "write Markdown too"),
        Flag(
            name: "github",
            help: "print GitHub annotations, and add Markdown to its step summary"),
        Flag(name: "quiet", short: "q", help: "only the verdict"),
        Flag(name: "no-color", help: "no colour, as with NO_COLOR"),
    ]

    private static let history = [
        Flag(
            name: "history",
            help: "change points over many runs instead; a folder stands for the runs in it"),
        Flag(
            name: "baseline", valueName: "DIR",
            help: "the run that the history is measured by (default: its first)"),
        Flag(name: "seed", valueName: "N", help: "of the history's permutations (default 1)"),
    ]
}

extension GateSettings {
    init(_ settings: Settings) throws(CommandError) {
        metrics = try settings.list("metrics", default: GateMetric.defaults) {
            text, source throws(CommandError) in
            let word = try Quantities.choice(
                text, source, of: GateMetric.allCases.map(\.rawValue))
            return GateMetric(rawValue: word) ?? .p50
        }
        let common = try settings.parsed("margin", default: nil as Double?, Self.share)
        for metric in GateMetric.allCases where metric != .errors {
            margins[metric] = try settings.parsed(
                "margin-\(metric.rawValue)", default: common, Self.share)
        }
        alpha = try settings.parsed("alpha", default: 0.05) {
            text, source throws(CommandError) in
            let share = try Self.share(text, source) ?? 0
            guard share <= 0.5 else { throw .usage("\(source): '\(text)' is more than 50%") }
            return share
        }
    }

    /// `5%` or `0.05`; more than 0.
    private static func share(_ text: String, _ source: String) throws(CommandError) -> Double? {
        let isPercent = text.hasSuffix("%")
        guard let number = Double(isPercent ? String(text.dropLast()) : text), number > 0,
            number.isFinite, isPercent || number < 1
        else {
            throw .usage("\(source): '\(text)' is no share; write 5% or 0.05")
        }
        return isPercent ? number / 100 : number
    }
}
