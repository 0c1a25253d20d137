/// What goes over the wire beyond the file itself, in percent of the file.
enum WireFigure {
    static func make(_ comparison: Comparison) -> Figure? {
        let rows = comparison.rows.filter {
            ($0.sizeBytes ?? 0) > 0 && !$0.isRefused && $0.wireBytesPerUpload != nil
        }
        let sizes = Set(rows.compactMap(\.sizeBytes)).sorted()
        guard !sizes.isEmpty else { return nil }
        let kept = PageLimits.chosen(sizes.count, atMost: PageLimits.panels).map { sizes[$0] }
        let shown = kept.map { size in (size, rows.filter { $0.sizeBytes == size }) }
        return Figure(
            id: "wire", title: "Wire bytes",
            notes: [
                "Bytes on the sockets, both ways, beyond the file, in percent of it: heads, handshakes,"
                    + " encodings and repeated bodies, without TCP's and IP's own. Failed uploads count"
                    + " too."
            ] + FigureText.leftOut(kept.count, of: sizes.count, "sizes"),
            panels: shown.map { Figure.Panel(title: Readable.bytes($0), plot: plot($1, $0)) },
            summary: shown.compactMap { summary($1, $0) },
            tables: shown.map { table($1, $0) },
            data: FigureData(
                columns: [
                    "scenario", "size_bytes", "wire_bytes_per_upload", "beyond_file_percent",
                ],
                rows: shown.flatMap { $1.map(csvRow) }),
            sources: ["summary.csv"])
    }

    private static func percent(_ row: ComparisonRow) -> Double {
        let size = Double(row.sizeBytes ?? 1)
        return 100 * ((row.wireBytesPerUpload ?? size) - size) / size
    }

    private static func plot(_ rows: [ComparisonRow], _ size: Int64) -> Markup {
        // Failed uploads can leave less on the wire than their files.
        let most = max(rows.map(percent).max() ?? 1, 0.01)
        let plot = BarPlot(
            name: "Wire bytes beyond the file, \(Readable.bytes(size))",
            axis: .linear("beyond the file", domain: 0...most, count: 4) { Axis.plain($0) + "%" },
            rows: rows.map { row in
                let text = "\(Readable.number(max(0, percent(row))))%"
                let part = BarPlot.Part(
                    color: 1, value: max(0, percent(row)),
                    mark: PlotMark(
                        label: "\(row.scenario.rawValue), \(Readable.bytes(size)): "
                            + "\(wire(row)) on the wire, \(text) beyond the file",
                        data: [
                            ("scenario", row.scenario.rawValue), ("size", String(size)),
                            ("wire", row.wireBytesPerUpload.map(Markup.raw) ?? ""),
                            ("percent", Markup.raw(percent(row))),
                        ]))
                return BarPlot.Row(
                    name: row.scenario.rawValue, bars: [BarPlot.Bar(parts: [part], text: text)])
            })
        return BarPlotDrawing(plot).markup
    }

    private static func wire(_ row: ComparisonRow) -> String {
        row.wireBytesPerUpload.map { Readable.bytes(Int64($0)) } ?? ""
    }

    private static func summary(_ rows: [ComparisonRow], _ size: Int64) -> String? {
        guard let least = rows.min(by: { percent($0) < percent($1) }),
            let most = rows.max(by: { percent($0) < percent($1) })
        else { return nil }
        return "\(Readable.bytes(size)): from \(Readable.number(percent(least)))% beyond the file"
            + " (\(least.scenario.rawValue)) to \(Readable.number(percent(most)))%"
            + " (\(most.scenario.rawValue))."
    }

    private static func table(_ rows: [ComparisonRow], _ size: Int64) -> ReadableTable {
        ReadableTable(
            caption: "Wire bytes, \(Readable.bytes(size))",
            header: ["strategy", "wire bytes", "beyond the file", "requests"],
            rows: rows.map {
                [
                    $0.scenario.rawValue, wire($0), Readable.number(percent($0)) + "%",
                    $0.requestsPerUpload.map { Readable.number($0) } ?? "",
                ]
            })
    }

    private static func csvRow(_ row: ComparisonRow) -> [String] {
        [
            row.scenario.rawValue, FigureText.field(row.sizeBytes),
            row.wireBytesPerUpload.map(Markup.raw) ?? "", Markup.raw(percent(row)),
        ]
    }
}
