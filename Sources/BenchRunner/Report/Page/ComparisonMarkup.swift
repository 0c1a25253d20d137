/// The strategy × size table: the same columns, and the same best values, as in the terminal.
struct ComparisonMarkup {
    private let comparison: Comparison
    private let columns: [ComparisonColumn]
    private let title: Markup

    init(_ comparison: Comparison, title: Markup) {
        self.comparison = comparison
        self.title = title
        columns = ComparisonColumn.all.filter { column in
            comparison.rows.contains { column.value($0) != nil }
        }
    }

    var markup: Markup {
        guard !comparison.rows.isEmpty else { return "" }
        let header = columns.map { column -> Markup in "<th scope=\"col\">\(column.title)</th>" }
        let limit = max(1, PageLimits.rows / Strategy.allCases.count)
        let chosen = PageLimits.chosen(comparison.blocks.count, atMost: limit)
        let blocks = chosen.map { block(comparison.blocks[$0]) }
        let left = FigureText.leftOut(chosen.count, of: comparison.blocks.count, "sizes")
            .map { text -> Markup in "<p class=\"note\">\(text)</p>" }
        return """
            <div class="scroll" role="region" tabindex="0" aria-label="Strategies by size">
            <table class="comparison"><caption>\(title)</caption>
            <thead><tr><th scope="col">strategy</th>\(header)</tr></thead>
            \(blocks)</table></div>\(left)

            """
    }

    private func block(_ block: (sizeBytes: Int64?, rows: [ComparisonRow])) -> Markup {
        let best = columns.map { $0.best(of: block.rows) }
        let rows = block.rows.map { row -> Markup in
            let name: Markup = "<th scope=\"row\">\(row.scenario.rawValue)</th>"
            if row.isRefused {
                return """
                    <tr class="refused">\(name)<td colspan="\(columns.count)">\(row.refusal)</td></tr>

                    """
            }
            let cells = zip(columns, best).map { column, best -> Markup in
                cell(column, row, isBest: best.contains(row.scenario))
            }
            return "<tr>\(name)\(cells)</tr>\n"
        }
        return """
            <tbody><tr class="block"><th scope="rowgroup" colspan="\(columns.count + 1)">\
            <span>\(FigureText.size(block.sizeBytes))</span></th></tr>
            \(rows)</tbody>

            """
    }

    private func cell(_ column: ComparisonColumn, _ row: ComparisonRow, isBest: Bool) -> Markup {
        guard let value = column.value(row) else { return "<td></td>" }
        let text = column.render(value)
        if isBest { return "<td><b title=\"the best of its block\">\(text)</b></td>" }
        let isBad = column.title == "errors" && value > 0
        return isBad ? "<td class=\"bad\">\(text)</td>" : "<td>\(text)</td>"
    }
}

/// What went wrong, by class, next to the latencies that it is kept out of.
enum FailureMarkup {
    static func markup(_ comparison: Comparison) -> Markup {
        let lines = comparison.rows.filter { !$0.isRefused }.flatMap(FailureLine.lines)
        guard !lines.isEmpty else { return "" }
        let items = lines.prefix(PageLimits.forestRows).map { line -> Markup in "<li>\(line)</li>" }
        return "<p class=\"bad\">Failed uploads, kept out of all latencies:</p><ul>\(items)</ul>\n"
    }
}
