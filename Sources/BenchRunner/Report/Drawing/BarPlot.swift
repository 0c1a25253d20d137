/// Horizontal bars, each with its name above it, of one or more parts.
struct BarPlot: Sendable {
    struct Part: Sendable {
        /// Index into the scheme's part colours.
        let color: Int
        let value: Double
        let mark: PlotMark
    }

    struct Bar: Sendable {
        let parts: [Part]
        /// At the bar's end.
        let text: String
    }

    struct Row: Sendable {
        let name: String
        let bars: [Bar]
    }

    let name: String
    let axis: Axis
    let rows: [Row]
}

/// Draws a `BarPlot` as SVG.
struct BarPlotDrawing {
    private let plot: BarPlot
    private let scale: Scale
    private let left = 4.0
    private let right = PlotFrame.width - 64
    private let top = 2.0
    private static let barHeight = 9.0
    private static let nameHeight = 14.0
    private static let rowGap = 7.0

    init(_ plot: BarPlot) {
        self.plot = plot
        scale = plot.axis.scale(start: left, end: right)
    }

    private var bottom: Double {
        plot.rows.reduce(top) { $0 + Self.height($1) }
    }

    private static func height(_ row: BarPlot.Row) -> Double {
        nameHeight + Double(row.bars.count) * (barHeight + 2) + rowGap
    }

    var markup: Markup {
        var y = top
        var isFirst = true
        var rows: Markup = ""
        for row in plot.rows {
            rows += "<text class=\"name\" x=\"\(left)\" y=\"\(y + 10)\">\(row.name)</text>"
            var barTop = y + Self.nameHeight
            for bar in row.bars {
                rows += self.bar(bar, y: barTop, isFirst: &isFirst)
                barTop += Self.barHeight + 2
            }
            y += Self.height(row)
        }
        return PlotFrame.svg(
            name: plot.name, height: bottom + 32, kind: "bars",
            "<g class=\"axes\" aria-hidden=\"true\">\(ticks)</g><g class=\"series\">\(rows)</g>")
    }

    private var ticks: Markup {
        var markup: Markup = ""
        for tick in plot.axis.ticks {
            let x = scale.position(tick.value)
            markup += """
                <line class="grid" x1="\(x)" x2="\(x)" y1="\(top)" y2="\(bottom)"/>\
                <text class="x" data-axis="x" data-value="\(Markup.raw(tick.value))" x="\(x)" \
                y="\(bottom + 12)">\(tick.label)</text>
                """
        }
        return markup
            + "<text class=\"title\" x=\"\(left)\" y=\"\(bottom + 27)\">\(plot.axis.title)</text>"
    }

    private func bar(_ bar: BarPlot.Bar, y: Double, isFirst: inout Bool) -> Markup {
        var value = 0.0
        var markup: Markup = ""
        for part in bar.parts {
            let start = scale.position(value)
            let end = scale.position(value + part.value)
            value += part.value
            markup += """
                <rect class="m p\(part.color)" x="\(start)" y="\(y)" width="\(max(0, end - start))" \
                height="\(Self.barHeight)"\(part.mark.attributes(isTabStop: isFirst))>\
                \(part.mark.title)</rect>
                """
            isFirst = false
        }
        guard !bar.text.isEmpty else { return markup }
        let x = scale.position(value) + 4
        return markup
            + "<text class=\"value\" x=\"\(x)\" y=\"\(y + 8)\" aria-hidden=\"true\">\(bar.text)</text>"
    }
}

func + (left: Markup, right: Markup) -> Markup {
    var sum = left
    sum += right
    return sum
}
