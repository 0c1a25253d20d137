/// Arrival rate against the objective's percentile, step by step of a capacity search.
enum CapacityFigure {
    /// The steps of one strategy at one size.
    struct Curve: Sendable {
        struct Step: Sendable {
            let ratePerSecond: Double
            /// Of the objective's percentile; nil where nothing succeeded.
            let responseUs: Double?
            /// As the search judged the step: `pass`, `fail`, …
            let verdict: String
        }

        let strategy: Strategy
        let sizeBytes: Int64?
        let steps: [Step]
        /// The rate that was found, with its interval.
        let answer: (ratePerSecond: Double, low: Double?, high: Double?)?
        /// How the search ended, in words.
        var remark = ""
    }

    /// The objective that the search held, such as `p99 < 300ms`.
    struct Objective: Sendable {
        let text: String
        /// What is drawn of each step.
        let percentile: Double
        /// The line across the plot; nil where the drawn percentile is not the objective's.
        let limitUs: Double?
    }

    static func make(_ curves: [Curve], objective: Objective, sources: [String]) -> Figure? {
        let drawn = curves.filter { !$0.steps.isEmpty }
        let sizes = Set(drawn.map(\.sizeBytes)).sorted { ($0 ?? -1) < ($1 ?? -1) }
        guard !sizes.isEmpty else { return nil }
        let kept = PageLimits.chosen(sizes.count, atMost: PageLimits.panels).map { sizes[$0] }
        let shown = drawn.filter { kept.contains($0.sizeBytes) }
        return Figure(
            id: "capacity", title: "Capacity: rate against the objective",
            notes: [
                "Each mark is one step of the search: offered arrivals per second and"
                    + " p\(Axis.plain(objective.percentile)) of the response time, from the intended"
                    + " start. The objective is \(objective.text)."
            ] + FigureText.leftOut(kept.count, of: sizes.count, "sizes"),
            legend: Figure.LegendEntry.strategies(shown.map(\.strategy)),
            panels: kept.map { size in
                Figure.Panel(
                    title: FigureText.size(size),
                    plot: plot(shown.filter { $0.sizeBytes == size }, size, objective))
            },
            summary: shown.map { summary($0, objective) }, tables: shown.map(table),
            data: FigureData(
                columns: ["scenario", "size_bytes", "rate_per_s", "response_us", "verdict"],
                rows: shown.flatMap { curve in
                    curve.steps.map {
                        [
                            curve.strategy.rawValue, FigureText.field(curve.sizeBytes),
                            Markup.raw($0.ratePerSecond), $0.responseUs.map(Markup.raw) ?? "",
                            $0.verdict,
                        ]
                    }
                }),
            sources: sources)
    }

    private static func plot(_ curves: [Curve], _ size: Int64?, _ objective: Objective) -> Markup {
        let steps = curves.flatMap(\.steps)
        let rates = steps.map(\.ratePerSecond).filter { $0 > 0 }
        let (low, high) = (rates.min() ?? 1, rates.max() ?? 2)
        let series = curves.map { curve in
            LinePlot.Series(
                style: SeriesStyle(curve.strategy),
                data: [
                    ("scenario", curve.strategy.rawValue),
                    ("size", FigureText.field(curve.sizeBytes)),
                ],
                segments: [
                    curve.steps.sorted { $0.ratePerSecond < $1.ratePerSecond }
                        .compactMap { point(curve, $0) }
                ])
        }
        var rules =
            objective.limitUs.map {
                [LinePlot.Rule(direction: .atY, value: $0, text: objective.text)]
            } ?? []
        rules += curves.compactMap { curve in
            curve.answer.map { answer in
                LinePlot.Rule(
                    direction: .atX, value: answer.ratePerSecond,
                    text: Axis.plain(answer.ratePerSecond) + "/s",
                    mark: PlotMark(
                        label: summary(curve, objective),
                        data: [("answer", Markup.raw(answer.ratePerSecond))]))
            }
        }
        let plot = LinePlot(
            name: "Rate against p\(Axis.plain(objective.percentile)), \(FigureText.size(size))",
            xAxis: high > 8 * low
                ? .logarithmic("arrivals per second (log)", domain: (low / 1.1)...(high * 1.1))
                : .linear("arrivals per second", domain: 0...(high * 1.05)),
            yAxis: .microseconds(
                "p\(Axis.plain(objective.percentile)) response time",
                covering: steps.compactMap(\.responseUs) + [objective.limitUs].compactMap { $0 }),
            series: series, rules: rules)
        return LinePlotDrawing(plot).markup
    }

    private static func point(_ curve: Curve, _ step: Curve.Step) -> LinePlot.Point? {
        guard let us = step.responseUs, step.ratePerSecond > 0 else { return nil }
        return LinePlot.Point(
            x: step.ratePerSecond, y: us,
            mark: PlotMark(
                label: "\(curve.strategy.rawValue), \(Axis.plain(step.ratePerSecond))/s:"
                    + " \(Readable.microseconds(us)), \(step.verdict)",
                data: [
                    ("rate", Markup.raw(step.ratePerSecond)), ("us", Markup.raw(us)),
                    ("verdict", step.verdict),
                ]))
    }

    private static func summary(_ curve: Curve, _ objective: Objective) -> String {
        let name = "\(curve.strategy.rawValue), \(FigureText.size(curve.sizeBytes))"
        guard let answer = curve.answer else {
            return "\(name): no rate was found"
                + (curve.remark.isEmpty ? "." : " (\(curve.remark)).")
        }
        var text = "\(name): \(Axis.plain(answer.ratePerSecond)) arrivals per second hold"
        text += " \(objective.text)"
        if let low = answer.low, let high = answer.high {
            text += " (interval \(Axis.plain(low)) to \(Axis.plain(high)))"
        }
        return text + "."
    }

    private static func table(_ curve: Curve) -> ReadableTable {
        ReadableTable(
            caption: "Steps of \(curve.strategy.rawValue), \(FigureText.size(curve.sizeBytes))",
            header: ["arrivals per second", "response time", "verdict"],
            rows: curve.steps.prefix(PageLimits.rows).map {
                [
                    Axis.plain($0.ratePerSecond),
                    $0.responseUs.map { Readable.microseconds($0) } ?? "", $0.verdict,
                ]
            })
    }
}
