/// What uploads cost with each strategy: stacked bars of the price's parts.
enum CostFigure {
    /// A bar: the cost of one strategy and its parts, in dollars.
    struct Entry: Sendable {
        let strategy: Strategy
        let sizeBytes: Int64?
        let parts: [(name: String, usd: Double)]

        var usd: Double { parts.reduce(0) { $0 + $1.usd } }
    }

    /// - Parameters:
    ///   - per: what the cost is of, such as `per million uploads`.
    ///   - notes: where the prices come from.
    static func make(
        _ entries: [Entry], per: String, notes: [String], sources: [String]
    ) -> Figure? {
        let sizes = Set(entries.map(\.sizeBytes)).sorted { ($0 ?? -1) < ($1 ?? -1) }
        guard !sizes.isEmpty else { return nil }
        let kept = PageLimits.chosen(sizes.count, atMost: PageLimits.panels).map { sizes[$0] }
        let shown = kept.map { size in (size, entries.filter { $0.sizeBytes == size }) }
        let names = partNames(entries)
        return Figure(
            id: "cost", title: "Cost",
            notes: notes + FigureText.leftOut(kept.count, of: sizes.count, "sizes"),
            legend: names.count < 2
                ? []
                : names.enumerated().map {
                    Figure.LegendEntry(name: $0.element, sample: .part(color($0.offset)))
                },
            panels: shown.map {
                Figure.Panel(title: FigureText.size($0), plot: plot($1, names, $0, per))
            },
            summary: shown.compactMap { summary($1, $0, per) },
            tables: shown.map { table($1, names, $0, per) },
            data: FigureData(
                columns: ["scenario", "size_bytes", "part", "usd"],
                rows: shown.flatMap { size, entries in
                    entries.flatMap { entry in
                        entry.parts.map {
                            [
                                entry.strategy.rawValue, FigureText.field(size), $0.name,
                                Markup.raw($0.usd),
                            ]
                        }
                    }
                }),
            sources: sources)
    }

    private static func partNames(_ entries: [Entry]) -> [String] {
        var names: [String] = []
        for name in entries.flatMap({ $0.parts.map(\.name) }) where !names.contains(name) {
            names.append(name)
        }
        return names
    }

    private static func color(_ index: Int) -> Int { [1, 0, 2, 4, 6, 5, 7, 3][index % 8] }

    private static func plot(
        _ entries: [Entry], _ names: [String], _ size: Int64?, _ per: String
    ) -> Markup {
        let plot = BarPlot(
            name: "Cost \(per), \(FigureText.size(size))",
            axis: .linear("US dollars \(per)", domain: 0...max(entries.map(\.usd).max() ?? 0, 0.01))
            { "$" + Axis.plain($0) },
            rows: entries.sorted { $0.usd < $1.usd }.map { entry in
                let parts = entry.parts.filter { $0.usd > 0 }.map { part in
                    BarPlot.Part(
                        color: color(names.firstIndex(of: part.name) ?? 0), value: part.usd,
                        mark: PlotMark(
                            label: "\(entry.strategy.rawValue), \(FigureText.size(size)),"
                                + " \(part.name): \(dollars(part.usd)) \(per)",
                            data: [
                                ("scenario", entry.strategy.rawValue),
                                ("size", FigureText.field(size)), ("part", part.name),
                                ("usd", Markup.raw(part.usd)),
                            ]))
                }
                return BarPlot.Row(
                    name: entry.strategy.rawValue,
                    bars: [BarPlot.Bar(parts: parts, text: dollars(entry.usd))])
            })
        return BarPlotDrawing(plot).markup
    }

    static func dollars(_ usd: Double) -> String { "$" + Readable.number(usd) }

    private static func summary(_ entries: [Entry], _ size: Int64?, _ per: String) -> String? {
        guard let least = entries.min(by: { $0.usd < $1.usd }),
            let most = entries.max(by: { $0.usd < $1.usd })
        else { return nil }
        return
            "\(FigureText.size(size)): from \(dollars(least.usd)) (\(least.strategy.rawValue)) to"
            + " \(dollars(most.usd)) (\(most.strategy.rawValue)) \(per)."
    }

    private static func table(
        _ entries: [Entry], _ names: [String], _ size: Int64?, _ per: String
    ) -> ReadableTable {
        ReadableTable(
            caption: "Cost \(per), \(FigureText.size(size))",
            header: ["strategy", "total"] + names,
            rows: entries.map { entry in
                [entry.strategy.rawValue, dollars(entry.usd)]
                    + names.map { name in
                        entry.parts.first { $0.name == name }.map { dollars($0.usd) } ?? ""
                    }
            })
    }
}
