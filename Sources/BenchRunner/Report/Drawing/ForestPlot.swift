/// Ratios with their intervals, one below the other, around 1.
struct ForestPlot: Sendable {
    enum Tone: String, Sendable { case good, bad, neutral }

    struct Row: Sendable {
        let name: String
        let ratio: Double
        /// nil where there were too few rounds for one.
        let interval: ClosedRange<Double>?
        let tone: Tone
        /// At the row's end: the verdict.
        let text: String
        let mark: PlotMark
    }

    let name: String
    let axisTitle: String
    /// Ratios within this say "no change that matters".
    let margin: ClosedRange<Double>?
    let rows: [Row]
}

/// Draws a `ForestPlot` as SVG.
struct ForestPlotDrawing {
    private let plot: ForestPlot
    private let axis: Axis
    private let scale: Scale
    private let top = 4.0
    private static let rowHeight = 29.0

    init(_ plot: ForestPlot) {
        self.plot = plot
        let ends = plot.rows.flatMap { row in
            [row.ratio, row.interval?.lowerBound, row.interval?.upperBound].compactMap { $0 }
        }
        let values = (ends + [plot.margin?.lowerBound, plot.margin?.upperBound].compactMap { $0 })
            .filter { $0 > 0 && $0.isFinite }
        // The same way to both sides, so that 1 is in the middle and directions can be compared.
        let reach = max(values.map { max($0, 1 / $0) }.max() ?? 1.1, 1.1) * 1.02
        axis = .logarithmic(plot.axisTitle, domain: (1 / reach)...reach, count: 6) {
            Axis.plain($0) + "×"
        }
        scale = axis.scale(start: 8, end: PlotFrame.width - 8)
    }

    private var bottom: Double { top + Double(plot.rows.count) * Self.rowHeight }

    var markup: Markup {
        let rows = plot.rows.enumerated().map { row($1, y: top + Double($0) * Self.rowHeight) }
        return PlotFrame.svg(
            name: plot.name, height: bottom + 32, kind: "forest",
            """
            <g class="axes" aria-hidden="true">\(band)\(ticks)\(line)</g><g class="series">\(rows)</g>
            """)
    }

    private var band: Markup {
        guard let margin = plot.margin else { return "" }
        let (start, end) = (scale.position(margin.lowerBound), scale.position(margin.upperBound))
        return """
            <rect class="margin" x="\(start)" y="\(top)" width="\(end - start)" \
            height="\(bottom - top)"/>
            """
    }

    private var line: Markup {
        let one = scale.position(1)
        return """
            <line class="axis" x1="\(one)" x2="\(one)" y1="\(top)" y2="\(bottom)"/>\
            <text class="title" x="8" y="\(bottom + 27)">\(plot.axisTitle)</text>
            """
    }

    private var ticks: [Markup] {
        axis.ticks.map { tick in
            let x = scale.position(tick.value)
            return """
                <line class="grid" x1="\(x)" x2="\(x)" y1="\(top)" y2="\(bottom)"/>\
                <text class="x" data-axis="x" data-value="\(Markup.raw(tick.value))" x="\(x)" \
                y="\(bottom + 12)">\(tick.label)</text>
                """
        }
    }

    private func row(_ row: ForestPlot.Row, y: Double) -> Markup {
        let x = scale.position(row.ratio)
        let middle = y + 20
        var markup: Markup = """
            <text class="name" x="8" y="\(y + 10)">\(row.name)</text>\
            <text class="value end" x="\(PlotFrame.width - 8)" y="\(y + 10)">\(row.text)</text>
            """
        if let interval = row.interval {
            let ends = (scale.position(interval.lowerBound), scale.position(interval.upperBound))
            markup += """
                <path class="whisker \(row.tone.rawValue)" \
                d="M\(ends.0) \(middle)H\(ends.1)M\(ends.0) \(middle - 3)v6M\(ends.1) \(middle - 3)v6"/>
                """
        }
        return markup
            + """
            <use class="m \(row.tone.rawValue)" href="#\(Symbols.id(4))" x="\(x)" y="\(middle)"\
            \(row.mark.attributes(isTabStop: y == top))>\(row.mark.title)</use>
            """
    }
}
