/// How two runs compare: a forest plot of candidate over base.
enum RatioFigure {
    struct Entry: Sendable {
        let scenario: String
        let sizeBytes: Int64?
        let metric: String
        let ratio: Double
        let interval: ClosedRange<Double>?
        /// In one or two words.
        let verdict: String
        let tone: ForestPlot.Tone
    }

    /// - Parameters:
    ///   - margins: by metric, the ratios that make no difference that matters.
    ///   - id: tells apart the figures of several candidates.
    ///   - notes: who is compared with whom, and how the intervals were computed.
    ///   - findings: what is no ratio and must be known, such as more errors than before.
    static func make(
        _ entries: [Entry], id: String, title: String, margins: [String: ClosedRange<Double>],
        notes: [String], findings: [String]
    ) -> Figure? {
        let usable = entries.filter { $0.ratio > 0 && $0.ratio.isFinite }
        guard !usable.isEmpty else { return nil }
        var metrics: [String] = []
        for entry in usable where !metrics.contains(entry.metric) { metrics.append(entry.metric) }
        let limit = PageLimits.forestRows
        let shown = metrics.map { metric in
            let all = usable.filter { $0.metric == metric }
            // What changed most is what a reader looks for.
            let worst = all.sorted { distance($0) > distance($1) }.prefix(limit)
            return (metric, all.count > limit ? Array(worst) : all)
        }
        let count = shown.reduce(0) { $0 + $1.1.count }
        let left =
            count < usable.count
            ? ["\(count) of \(usable.count) ratios are drawn: the largest changes of each metric."]
            : []
        return Figure(
            id: id, title: title, notes: notes + left,
            panels: shown.map { metric, rows in
                Figure.Panel(title: metric, plot: plot(rows, metric, margins[metric]))
            },
            summary: findings + summary(usable),
            tables: shown.map { metric, rows in table(rows, metric) },
            data: FigureData(
                columns: ["scenario", "size_bytes", "metric", "ratio", "low", "high", "verdict"],
                rows: shown.flatMap { $0.1.map(csvRow) }),
            sources: [])
    }

    private static func distance(_ entry: Entry) -> Double {
        max(entry.ratio, 1 / entry.ratio)
    }

    private static func name(_ entry: Entry) -> String {
        "\(entry.scenario), \(FigureText.size(entry.sizeBytes))"
    }

    private static func plot(
        _ entries: [Entry], _ metric: String, _ margin: ClosedRange<Double>?
    ) -> Markup {
        let plot = ForestPlot(
            name: "Ratios of \(metric), candidate over base",
            axisTitle: "\(metric), candidate ÷ base (log)", margin: margin,
            rows: entries.map { entry in
                ForestPlot.Row(
                    name: name(entry), ratio: entry.ratio, interval: entry.interval,
                    tone: entry.tone, text: entry.verdict,
                    mark: PlotMark(
                        label: "\(name(entry)), \(metric): \(text(entry)), \(entry.verdict)",
                        data: [
                            ("scenario", entry.scenario),
                            ("size", FigureText.field(entry.sizeBytes)), ("metric", metric),
                            ("ratio", Markup.raw(entry.ratio)),
                            ("low", entry.interval.map { Markup.raw($0.lowerBound) } ?? ""),
                            ("high", entry.interval.map { Markup.raw($0.upperBound) } ?? ""),
                        ]))
            })
        return ForestPlotDrawing(plot).markup
    }

    private static func text(_ entry: Entry) -> String {
        let ratio = PairedRatio.number(entry.ratio) + "×"
        guard let interval = entry.interval else { return ratio }
        return ratio + " (\(PairedRatio.number(interval.lowerBound)) to"
            + " \(PairedRatio.number(interval.upperBound)))"
    }

    private static func summary(_ entries: [Entry]) -> [String] {
        var counts: [(verdict: String, count: Int)] = []
        for entry in entries {
            if let index = counts.firstIndex(where: { $0.verdict == entry.verdict }) {
                counts[index].count += 1
            } else {
                counts.append((entry.verdict, 1))
            }
        }
        let all = counts.map { "\($0.count) × \($0.verdict)" }.joined(separator: ", ")
        let changed = entries.filter { $0.tone != .neutral }.prefix(PageLimits.crossovers)
        return [all + "."]
            + changed.map { "\(name($0)), \($0.metric): \($0.verdict), \(text($0))." }
    }

    private static func table(_ entries: [Entry], _ metric: String) -> ReadableTable {
        ReadableTable(
            caption: "Candidate ÷ base, \(metric)",
            header: ["strategy", "size", "ratio", "low", "high", "verdict"],
            rows: entries.map { entry in
                [
                    entry.scenario, FigureText.size(entry.sizeBytes),
                    PairedRatio.number(entry.ratio),
                    entry.interval.map { PairedRatio.number($0.lowerBound) } ?? "",
                    entry.interval.map { PairedRatio.number($0.upperBound) } ?? "", entry.verdict,
                ]
            })
    }

    private static func csvRow(_ entry: Entry) -> [String] {
        [
            entry.scenario, FigureText.field(entry.sizeBytes), entry.metric,
            Markup.raw(entry.ratio), entry.interval.map { Markup.raw($0.lowerBound) } ?? "",
            entry.interval.map { Markup.raw($0.upperBound) } ?? "", entry.verdict,
        ]
    }
}
