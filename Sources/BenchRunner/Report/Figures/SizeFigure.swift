import Foundation

/// Response time against file size, with the sizes at which strategies change places.
enum SizeFigure {
    static func make(_ comparison: Comparison) -> Figure? {
        let rows = comparison.rows.filter { ($0.sizeBytes ?? 0) > 0 && $0.responseUs(50) != nil }
        let sizes = Set(rows.compactMap(\.sizeBytes)).sorted()
        guard sizes.count > 1 else { return nil }
        let kept = PageLimits.chosen(sizes.count, atMost: PageLimits.seconds).map { sizes[$0] }
        let shown = rows.filter { kept.contains($0.sizeBytes ?? 0) }
        let all = Crossover.all(in: comparison)
        let named = Array(
            (all.filter { $0.isClear && $0.isOfFastest }
                + all.filter { $0.isClear && !$0.isOfFastest })
                .prefix(PageLimits.crossovers))
        let series = series(shown)
        return Figure(
            id: "sizes", title: "Response time against file size",
            notes: [
                "Medians, both scales logarithmic; the bar through a mark spans the medians of the"
                    + " rounds. Lines between marks are drawn straight and are not measurements."
            ] + FigureText.leftOut(kept.count, of: sizes.count, "sizes"),
            legend: Figure.LegendEntry.strategies(shown.map(\.scenario)),
            panels: [Figure.Panel(title: "", plot: plot(shown, series, sizes, named))],
            summary: summary(all, named: named), tables: [table(shown, kept)] + crossings(named),
            data: FigureData(
                columns: [
                    "scenario", "size_bytes", "response_p50_us", "lowest_round_us",
                    "highest_round_us",
                ], rows: shown.map(csvRow)),
            sources: ["histograms.csv", "summary.csv"])
    }

    private static func series(_ rows: [ComparisonRow]) -> [LinePlot.Series] {
        Strategy.allCases.compactMap { strategy in
            let points = rows.filter { $0.scenario == strategy }.compactMap(point)
            guard !points.isEmpty else { return nil }
            return LinePlot.Series(
                style: SeriesStyle(strategy), data: [("scenario", strategy.rawValue)],
                segments: [points.sorted { $0.x < $1.x }])
        }
    }

    private static func point(_ row: ComparisonRow) -> LinePlot.Point? {
        guard let size = row.sizeBytes, let median = row.responseUs(50) else { return nil }
        let spread = spread(row)
        let rounds = spread.map {
            ", rounds from \(Readable.microseconds($0.lowerBound)) to"
                + " \(Readable.microseconds($0.upperBound))"
        }
        return LinePlot.Point(
            x: Double(size), y: median, spread: spread,
            mark: PlotMark(
                label: "\(row.scenario.rawValue), \(Readable.bytes(size)):"
                    + " \(Readable.microseconds(median))\(rounds ?? "")",
                data: [("size", String(size)), ("us", Markup.raw(median))]))
    }

    private static func spread(_ row: ComparisonRow) -> ClosedRange<Double>? {
        let medians = row.medianUsByRound.values
        guard medians.count > 1, let low = medians.min(), let high = medians.max() else {
            return nil
        }
        return low...high
    }

    private static func plot(
        _ rows: [ComparisonRow], _ series: [LinePlot.Series], _ sizes: [Int64], _ named: [Crossover]
    ) -> Markup {
        let times = series.flatMap { $0.segments.joined() }
            .flatMap { [$0.y, $0.spread?.lowerBound, $0.spread?.upperBound].compactMap { $0 } }
        let rules = named.filter(\.isOfFastest).map { crossover in
            LinePlot.Rule(
                direction: .atX, value: crossover.estimatedBytes,
                text: "≈ " + Readable.bytes(Int64(crossover.estimatedBytes.rounded())),
                mark: PlotMark(
                    label: crossover.sentence,
                    data: [
                        ("crossover", Markup.raw(crossover.estimatedBytes.rounded())),
                        ("below", crossover.fasterBelow.rawValue),
                        ("above", crossover.fasterAbove.rawValue),
                    ]))
        }
        let plot = LinePlot(
            name: "Response time against file size",
            xAxis: .bytes("file size", measured: sizes.map(Double.init)),
            yAxis: .microseconds("median response time", covering: times, kind: .logarithmic),
            series: series, rules: rules)
        return LinePlotDrawing(plot).markup
    }

    private static func summary(_ all: [Crossover], named: [Crossover]) -> [String] {
        var texts = named.map(\.sentence)
        let unclear = all.count { !$0.isClear }
        let unnamed = all.count - unclear - named.count
        if all.isEmpty {
            texts.append("No two strategies change places between the measured sizes.")
        }
        if unclear > 0 {
            texts.append(
                "\(unclear) more \(unclear == 1 ? "change" : "changes") of order cannot be told from"
                    + " noise (an interval holds 1, or there was one round only) and are not named."
            )
        }
        if unnamed > 0 {
            texts.append("\(unnamed) more clear crossovers, not of the fastest, are not named.")
        }
        return texts
    }

    private static func table(_ rows: [ComparisonRow], _ sizes: [Int64]) -> ReadableTable {
        let strategies = Strategy.allCases.filter { name in rows.contains { $0.scenario == name } }
        let lines = sizes.prefix(PageLimits.rows).map { size in
            [Readable.bytes(size)]
                + strategies.map { strategy in
                    let row = rows.first { $0.scenario == strategy && $0.sizeBytes == size }
                    return row?.responseUs(50).map { Readable.microseconds($0) } ?? ""
                }
        }
        return ReadableTable(
            caption: "Median response time by file size",
            header: ["size"] + strategies.map(\.rawValue), rows: Array(lines))
    }

    private static func crossings(_ named: [Crossover]) -> [ReadableTable] {
        guard !named.isEmpty else { return [] }
        return [
            ReadableTable(
                caption: "Crossovers, interpolated between measured sizes",
                header: ["faster below", "faster above", "measured at", "and at", "crossing near"],
                rows: named.map {
                    [
                        $0.fasterBelow.rawValue, $0.fasterAbove.rawValue,
                        Readable.bytes($0.lowerBytes), Readable.bytes($0.upperBytes),
                        Readable.bytes(Int64($0.estimatedBytes.rounded())),
                    ]
                })
        ]
    }

    private static func csvRow(_ row: ComparisonRow) -> [String] {
        let spread = spread(row)
        return [
            row.scenario.rawValue, FigureText.field(row.sizeBytes),
            row.responseUs(50).map(Markup.raw) ?? "",
            spread.map { Markup.raw($0.lowerBound) } ?? "",
            spread.map { Markup.raw($0.upperBound) } ?? "",
        ]
    }
}
