/// Throughput against concurrency, with the fitted Universal Scalability Law and its band.
enum ScalabilityFigure {
    struct Fit: Sendable {
        let strategy: Strategy
        let sizeBytes: Int64?
        /// What was measured.
        let points: [(concurrency: Double, perSecond: Double)]
        /// The fitted law with its interval, from 1 up.
        let curve: [(concurrency: Double, perSecond: Double, low: Double, high: Double)]
        /// The concurrency at which the fitted throughput is highest; nil without a peak.
        let peak: (concurrency: Double, perSecond: Double)?
        /// The fitted parameters in words, such as `λ 120/s, σ 0.03, κ 0.0002`.
        let parameters: String

        var highestMeasured: Double { points.map(\.concurrency).max() ?? 0 }
    }

    static func make(_ fits: [Fit], sources: [String]) -> Figure? {
        let drawn = fits.filter { !$0.points.isEmpty }
        guard !drawn.isEmpty else { return nil }
        let kept = PageLimits.chosen(drawn.count, atMost: 2 * PageLimits.panels).map { drawn[$0] }
        return Figure(
            id: "scalability", title: "Scalability",
            notes: [
                "Marks are measured; the line is the Universal Scalability Law fitted to them, the band its"
                    + " 95% interval. Beyond the last mark the line is dashed: it extrapolates."
            ] + FigureText.leftOut(kept.count, of: drawn.count, "fits"),
            legend: Figure.LegendEntry.strategies(kept.map(\.strategy)),
            panels: kept.map { fit in
                Figure.Panel(
                    title: "\(fit.strategy.rawValue), \(FigureText.size(fit.sizeBytes))",
                    plot: plot(fit))
            },
            summary: kept.map(summary), tables: kept.map(table),
            data: FigureData(
                columns: ["scenario", "size_bytes", "kind", "concurrency", "per_s", "low", "high"],
                rows: kept.flatMap(rows)),
            sources: sources)
    }

    private static func plot(_ fit: Fit) -> Markup {
        let style = SeriesStyle(fit.strategy)
        let measured = fit.curve.filter { $0.concurrency <= fit.highestMeasured * 1.0001 }
        let beyond = fit.curve.filter { $0.concurrency >= fit.highestMeasured * 0.9999 }
        let most = fit.points.map(\.perSecond).max() ?? 1
        let top = max(most, fit.curve.map(\.high).filter { $0 < most * 3 }.max() ?? most)
        let last = max(fit.highestMeasured, fit.curve.map(\.concurrency).max() ?? 1)
        var rules: [LinePlot.Rule] = []
        if let peak = fit.peak, peak.concurrency <= last {
            rules.append(
                LinePlot.Rule(
                    direction: .atX, value: peak.concurrency,
                    text: "peak at \(Axis.plain(peak.concurrency.rounded()))"))
        }
        let open = SeriesStyle(color: style.color, shape: style.shape, isOpen: true)
        let solid = SeriesStyle(color: style.color, shape: style.shape)
        let plot = LinePlot(
            name: "Throughput against concurrency, \(fit.strategy.rawValue)",
            xAxis: .linear("concurrency", domain: 0...(last * 1.03)),
            yAxis: .linear("uploads per second", domain: 0...(top * 1.06)),
            series: [
                line(solid, "fit", fit, measured), line(open, "extrapolated", fit, beyond),
                points(fit, style),
            ],
            bands: [
                LinePlot.Band(
                    style: solid, edges: fit.curve.map { ($0.concurrency, $0.low, $0.high) })
            ],
            rules: rules)
        return LinePlotDrawing(plot).markup
    }

    private static func line(
        _ style: SeriesStyle, _ kind: String, _ fit: Fit,
        _ curve: [(concurrency: Double, perSecond: Double, low: Double, high: Double)]
    ) -> LinePlot.Series {
        LinePlot.Series(
            style: style, data: [("scenario", fit.strategy.rawValue), ("kind", kind)],
            segments: [
                curve.map { value in
                    LinePlot.Point(
                        x: value.concurrency, y: value.perSecond, isEmphasized: false,
                        mark: PlotMark(
                            label: "\(kind) at concurrency \(Axis.plain(value.concurrency)):"
                                + " \(Readable.number(value.perSecond))/s, 95% interval"
                                + " \(Readable.number(value.low)) to \(Readable.number(value.high))",
                            data: [
                                ("concurrency", Markup.raw(value.concurrency)),
                                ("per-s", Markup.raw(value.perSecond)),
                                ("low", Markup.raw(value.low)), ("high", Markup.raw(value.high)),
                            ]))
                }
            ])
    }

    private static func points(_ fit: Fit, _ style: SeriesStyle) -> LinePlot.Series {
        LinePlot.Series(
            style: style, data: [("scenario", fit.strategy.rawValue), ("kind", "measured")],
            segments: [
                fit.points.sorted { $0.concurrency < $1.concurrency }.map { value in
                    LinePlot.Point(
                        x: value.concurrency, y: value.perSecond,
                        mark: PlotMark(
                            label: "measured at concurrency \(Axis.plain(value.concurrency)):"
                                + " \(Readable.number(value.perSecond))/s",
                            data: [
                                ("concurrency", Markup.raw(value.concurrency)),
                                ("per-s", Markup.raw(value.perSecond)),
                            ]))
                }
            ], drawsLine: false)
    }

    private static func summary(_ fit: Fit) -> String {
        let name = "\(fit.strategy.rawValue), \(FigureText.size(fit.sizeBytes))"
        guard let peak = fit.peak else { return "\(name): \(fit.parameters); no peak." }
        let isBeyond = peak.concurrency > fit.highestMeasured
        return
            "\(name): \(fit.parameters); highest throughput \(Readable.number(peak.perSecond))/s at"
            + " concurrency \(Axis.plain(peak.concurrency.rounded()))"
            + (isBeyond ? ", extrapolated beyond what was measured." : ".")
    }

    private static func table(_ fit: Fit) -> ReadableTable {
        ReadableTable(
            caption: "Throughput of \(fit.strategy.rawValue), \(FigureText.size(fit.sizeBytes))",
            header: ["concurrency", "uploads per second"],
            rows: fit.points.prefix(PageLimits.rows).map {
                [Axis.plain($0.concurrency), Readable.number($0.perSecond)]
            })
    }

    private static func rows(_ fit: Fit) -> [[String]] {
        let start = [fit.strategy.rawValue, FigureText.field(fit.sizeBytes)]
        let measured = fit.points.map {
            start + ["measured", Markup.raw($0.concurrency), Markup.raw($0.perSecond), "", ""]
        }
        return measured
            + fit.curve.map {
                start + [
                    $0.concurrency > fit.highestMeasured * 1.0001 ? "extrapolated" : "fit",
                    Markup.raw($0.concurrency), Markup.raw($0.perSecond), Markup.raw($0.low),
                    Markup.raw($0.high),
                ]
            }
    }
}
