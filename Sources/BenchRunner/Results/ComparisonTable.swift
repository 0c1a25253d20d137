import Foundation

/// Renders a comparison for a terminal, for Markdown, or for a program.
struct ComparisonTable {
    let comparison: Comparison
    let usesColor: Bool
    /// Columns of the terminal; nil where a line may be of any length.
    var width: Int?

    func text(_ format: TableFormat) -> String {
        switch format {
        case .table: plain()
        case .markdown: markdown()
        case .json: json()
        }
    }

    private struct TextCell {
        let text: String
        let isBest: Bool
    }

    private struct TextRow {
        let name: String
        let cells: [TextCell]
        /// Stands in place of the cells.
        let refusal: String?
    }

    /// Without those that are empty in every row.
    private var columns: [ComparisonColumn] {
        let rows = comparison.rows
        return ComparisonColumn.all.filter { column in rows.contains { column.value($0) != nil } }
    }

    /// Each block: its title and its rows.
    private func blocks() -> [(title: String, rows: [TextRow])] {
        let columns = columns
        return comparison.blocks.map { block in
            let best = columns.map { $0.best(of: block.rows) }
            let rows = block.rows.map { row in
                let cells = zip(columns, best).map { column, best in
                    TextCell(
                        text: column.value(row).map(column.render) ?? "",
                        isBest: best.contains(row.scenario))
                }
                return TextRow(
                    name: row.scenario.rawValue, cells: cells,
                    refusal: row.isRefused ? row.refusal : nil)
            }
            return (block.sizeBytes.map { Readable.bytes($0) } ?? "files", rows)
        }
    }

    /// The best value of each column stands out in bold green, or with a star where there is no
    /// colour. Columns that the terminal has no room for are named under the table.
    private func plain() -> String {
        let blocks = blocks()
        let columns = columns
        let names = blocks.flatMap { [$0.title] + $0.rows.map(\.name) }
        let nameWidth = names.map(\.count).max() ?? 0
        let widths = columns.indices.map { index in
            let shown = blocks.flatMap { $0.rows.filter { $0.refusal == nil } }
            let texts = shown.map { $0.cells[index].text }
            return max(columns[index].title.count, texts.map(\.count).max() ?? 0)
        }
        let kept = indices(of: columns.map(\.title), widths, besides: nameWidth)
        var lines: [String] = []
        for block in blocks {
            let titles = kept.map { leftPadded(columns[$0].title, to: widths[$0]) + " " }
            lines.append(([padded(block.title, to: nameWidth)] + titles).joined(separator: " "))
            for row in block.rows {
                if let refusal = row.refusal {
                    lines.append(padded(row.name, to: nameWidth) + "  " + refusal)
                    continue
                }
                let cells = kept.map { plain(row.cells[$0], width: widths[$0]) }
                lines.append(([padded(row.name, to: nameWidth)] + cells).joined(separator: " "))
            }
            lines.append("")
        }
        let hidden = columns.indices.filter { !kept.contains($0) }.map { columns[$0].title }
        if !hidden.isEmpty { lines += [hiddenLine(hidden), ""] }
        return lines.map(trimmedEnd).joined(separator: "\n")
    }

    /// What a narrow terminal does without, the most dispensable first.
    private static let dispensable = [
        "gateway peak", "MiB/s", "requests", "lag p99", "wire bytes", "gateway CPU", "CPU/upload",
        "notify", "authorize", "upload", "offered/s", "p99", "USD/million",
    ]

    /// The columns that there is room for.
    private func indices(of titles: [String], _ widths: [Int], besides nameWidth: Int) -> [Int] {
        var kept = Array(titles.indices)
        guard let width else { return kept }
        for title in Self.dispensable {
            guard kept.reduce(nameWidth, { $0 + widths[$1] + 2 }) > width else { break }
            kept.removeAll { titles[$0] == title }
        }
        return kept
    }

    private func hiddenLine(_ titles: [String]) -> String {
        WordWrap.text(
            "no room here for: \(titles.joined(separator: ", ")) (a wider terminal shows them, and --format"
                + " markdown)", width: width)
    }

    private func plain(_ cell: TextCell, width: Int) -> String {
        let text = leftPadded(cell.text, to: width)
        guard cell.isBest else { return text + " " }
        return usesColor ? "\u{1B}[1;32m\(text)\u{1B}[0m " : text + "*"
    }

    private func markdown() -> String {
        let columns = columns
        let header = ["size", "strategy"] + columns.map(\.title)
        let alignment = ["---", "---"] + columns.map { _ in "---:" }
        var lines = [header, alignment]
        for block in blocks() {
            for row in block.rows {
                if let refusal = row.refusal {
                    let blanks = Array(repeating: "", count: columns.count - 1)
                    lines.append([block.title, row.name, refusal] + blanks)
                    continue
                }
                let cells = row.cells.map { $0.isBest ? "**\($0.text)**" : $0.text }
                lines.append([block.title, row.name] + cells)
            }
        }
        return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    }

    private func json() -> String {
        let rows = comparison.rows.map { row in
            var object: [String: Any] = [
                "scenario": row.scenario.rawValue,
                "uploads": row.uploads,
                "errors": row.errors,
            ]
            object["size_bytes"] = row.sizeBytes
            object["achieved_per_s"] = row.achievedPerSecond
            object["goodput_bytes_per_s"] = row.goodputBytesPerSecond
            for (name, percentile) in [("p50", 50), ("p90", 90), ("p95", 95), ("p99", 99)] {
                object["response_\(name)_us"] = row.responseUs(Double(percentile))
            }
            object["client_cpu_us_per_upload"] = row.clientCPUUsPerUpload
            object["gateway_cpu_us_per_upload"] = row.gatewayCPUUsPerUpload
            object["gateway_peak_bytes"] = row.gatewayPeakBytes
            object["cost_usd_per_million"] = row.costPerMillionDollars
            object["requests_per_upload"] = row.requestsPerUpload
            object["wire_bytes_per_upload"] = row.wireBytesPerUpload
            object["model"] = row.load.isOpen ? "open" : "closed"
            object["rate_per_s"] = row.load.offeredPerSecond
            object["overflow"] = row.load.isOpen ? row.load.overflow : nil
            object["schedule_lag_p99_us"] = row.lagP99Us
            object["generator_limited"] = row.load.isGeneratorLimited
            object["refused"] = row.isRefused ? row.refusal : nil
            return object
        }
        return JSONText.render(["schema_version": 1, "strategies": rows])
    }

    private func leftPadded(_ text: String, to width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private func trimmedEnd(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}

/// JSON as the commands print and store it: sorted keys, no escaped slashes.
enum JSONText {
    static func render(_ object: [String: Any]) -> String {
        let options: JSONSerialization.WritingOptions = [
            .prettyPrinted, .sortedKeys, .withoutEscapingSlashes,
        ]
        guard let data = try? JSONSerialization.data(withJSONObject: object, options: options)
        else {
            return "{}"
        }
        return String(decoding: data, as: UTF8.self)
    }
}
