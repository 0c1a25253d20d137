import Foundation
import Measure

/// Latency by percentile, as HdrHistogram plots it: a panel per size, a line per strategy.
enum PercentileFigure {
    static func make(_ comparison: Comparison) -> Figure? {
        let blocks = comparison.blocks.filter { $0.rows.contains { $0.uploads > 0 } }
        guard !blocks.isEmpty else { return nil }
        let chosen = PageLimits.chosen(blocks.count, atMost: PageLimits.panels).map { blocks[$0] }
        var data = FigureData(columns: ["scenario", "size_bytes", "percentile", "response_us"])
        var panels: [Figure.Panel] = []
        var tables: [ReadableTable] = []
        for block in chosen {
            let curves = block.rows.compactMap(Curve.init)
            let title = FigureText.size(block.sizeBytes)
            panels.append(Figure.Panel(title: title, plot: plot(curves, title)))
            tables.append(table(curves, title))
            data.rows += curves.flatMap(\.rows)
        }
        return Figure(
            id: "percentiles", title: "Latency by percentile",
            notes: [
                "Response time of the uploads that succeeded, from all rounds' histograms together. Each"
                    + " further nine takes the same width; a line ends where a single upload would"
                    + " decide it."
            ] + FigureText.leftOut(chosen.count, of: blocks.count, "sizes"),
            legend: Figure.LegendEntry.strategies(comparison.rows.map(\.scenario)),
            panels: panels, summary: chosen.compactMap(summary), tables: tables, data: data,
            sources: ["histograms.csv"])
    }

    /// The percentiles of one strategy at one size.
    private struct Curve {
        let strategy: Strategy
        let sizeBytes: Int64?
        let points: [(percentile: Double, us: Int64)]

        init?(_ row: ComparisonRow) {
            guard let counts = row.distributions[.response], !counts.isEmpty else { return nil }
            strategy = row.scenario
            sizeBytes = row.sizeBytes
            points = PercentileGrid.percentiles(count: counts.totalCount).compactMap { percentile in
                counts.valueUs(atPercentile: percentile).map { (percentile, $0) }
            }
        }

        var rows: [[String]] {
            points.map {
                [
                    strategy.rawValue, FigureText.field(sizeBytes), Markup.raw($0.percentile),
                    String($0.us),
                ]
            }
        }
    }

    private static func plot(_ curves: [Curve], _ size: String) -> Markup {
        let points = curves.flatMap(\.points)
        let highest = points.map { PercentileGrid.position($0.percentile) }.max() ?? 2
        let series = curves.map { curve in
            LinePlot.Series(
                style: SeriesStyle(curve.strategy),
                data: [
                    ("scenario", curve.strategy.rawValue),
                    ("size", FigureText.field(curve.sizeBytes)),
                ],
                segments: [curve.points.map { point(curve, $0.percentile, $0.us) }])
        }
        let plot = LinePlot(
            name: "Latency by percentile, \(size)", xAxis: .percentiles(upTo: highest),
            yAxis: .microseconds("response time", covering: points.map { Double($0.us) }),
            series: series)
        return LinePlotDrawing(plot).markup
    }

    private static func point(_ curve: Curve, _ percentile: Double, _ us: Int64) -> LinePlot.Point {
        let text = "\(Axis.plain(percentile))%: \(Readable.microseconds(Double(us)))"
        return LinePlot.Point(
            x: PercentileGrid.position(percentile), y: Double(us),
            isEmphasized: PercentileGrid.named.contains(percentile),
            mark: PlotMark(
                label: "\(curve.strategy.rawValue), \(text)",
                data: [("percentile", Markup.raw(percentile)), ("us", String(us))]))
    }

    private static func table(_ curves: [Curve], _ size: String) -> ReadableTable {
        let percentiles = Set(curves.flatMap { $0.points.map(\.percentile) })
            .intersection(PercentileGrid.named).sorted()
        let rows = percentiles.map { percentile in
            ["\(Axis.plain(percentile))%"]
                + curves.map { curve in
                    let point = curve.points.first { $0.percentile == percentile }
                    return point.map { Readable.microseconds(Double($0.us)) } ?? ""
                }
        }
        return ReadableTable(
            caption: "Response time by percentile, \(size)",
            header: ["percentile"] + curves.map(\.strategy.rawValue), rows: rows)
    }

    private static func summary(_ block: (sizeBytes: Int64?, rows: [ComparisonRow])) -> String? {
        let timed = block.rows.compactMap { row in row.responseUs(50).map { (row, $0) } }
        guard let best = timed.min(by: { $0.1 < $1.1 }) else { return nil }
        let (row, median) = best
        let worst = timed.max { $0.1 < $1.1 } ?? best
        var text =
            "\(FigureText.size(block.sizeBytes)): the lowest median is \(row.scenario.rawValue)'s"
            + " (\(Readable.microseconds(median))"
        if let p99 = row.responseUs(99) { text += ", p99 \(Readable.microseconds(p99))" }
        guard worst.0.scenario != row.scenario else { return text + ")." }
        text += "), the highest \(worst.0.scenario.rawValue)'s (\(Readable.microseconds(worst.1))"
        if let p99 = worst.0.responseUs(99) { text += ", p99 \(Readable.microseconds(p99))" }
        return text + ")."
    }
}

/// Where a percentile line has its points: a few per halving of the rest, as HdrHistogram reports them.
enum PercentileGrid {
    /// Those that people ask for.
    static let named: Set<Double> = [50, 90, 95, 99, 99.9, 99.99, 99.999]
    private static let stepsPerHalving = 4

    /// In rising order, up to the last that leaves one upload above it.
    static func percentiles(count: UInt64) -> [Double] {
        guard count > 0 else { return [] }
        let highest = 100 * (1 - 1 / Double(count))
        var grid: Set<Double> = [0]
        var rest = 100.0
        while 100 - rest <= highest, rest > 0.0005 {
            for step in 0..<stepsPerHalving {
                let percentile = 100 - rest + rest / 2 * Double(step) / Double(stepsPerHalving)
                grid.insert((percentile * 1e4).rounded() / 1e4)
            }
            rest /= 2
        }
        return grid.union(named).filter { $0 <= highest }.sorted()
    }

    /// 1/(1−q).
    static func position(_ percentile: Double) -> Double { 1 / (1 - percentile / 100) }
}
