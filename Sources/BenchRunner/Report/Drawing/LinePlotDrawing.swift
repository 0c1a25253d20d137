/// Draws a `LinePlot` as SVG.
struct LinePlotDrawing {
    private let plot: LinePlot
    private let x: Scale
    private let y: Scale
    private let left: Double
    private let right = PlotFrame.width - 10
    private let top: Double
    private let bottom: Double
    /// Errors stand in a strip of this height above the x axis.
    private static let stripHeight = 16.0

    init(_ plot: LinePlot) {
        self.plot = plot
        left = plot.leftMargin
        top = plot.hasTitles ? 22 : 8
        bottom = plot.height - (plot.hasTitles ? 32 : 18)
        let foot = plot.tallies.isEmpty ? bottom : bottom - Self.stripHeight
        x = plot.xAxis.scale(start: left, end: right)
        y = plot.yAxis.scale(start: foot, end: top)
    }

    var markup: Markup {
        PlotFrame.svg(
            name: plot.name, height: plot.height, kind: "lines",
            """
            <g class="axes" aria-hidden="true">\(yTicks)\(xTicks)\(titles)</g>\(bands)\(rules)\(lines)\
            \(marks)\(tallies)
            """)
    }

    private var yTicks: [Markup] {
        plot.yAxis.ticks.map { tick in
            let position = y.position(tick.value)
            return """
                <line class="grid" x1="\(left)" x2="\(right)" y1="\(position)" y2="\(position)"/>\
                <text class="y" data-axis="y" data-value="\(Markup.raw(tick.value))" x="\(left - 6)" \
                y="\(position)" dy=".32em">\(tick.label)</text>
                """
        }
    }

    private var xTicks: [Markup] {
        let axis: Markup = """
            <line class="axis" x1="\(left)" x2="\(right)" y1="\(bottom)" y2="\(bottom)"/>
            """
        return [axis]
            + plot.xAxis.ticks.map { tick in
                let position = x.position(tick.value)
                return """
                    <line class="tick" x1="\(position)" x2="\(position)" y1="\(bottom)" \
                    y2="\(bottom + 4)"/><text class="x" data-axis="x" \
                    data-value="\(Markup.raw(tick.value))" x="\(position)" y="\(bottom + 15)">\
                    \(tick.label)</text>
                    """
            }
    }

    private var titles: Markup {
        guard plot.hasTitles else { return "" }
        return """
            <text class="title" x="\(4.0)" y="\(11.0)">\(plot.yAxis.title)</text>\
            <text class="title end" x="\(right)" y="\(plot.height - 4)">\(plot.xAxis.title)</text>
            """
    }

    private var bands: [Markup] {
        plot.bands.map { band in
            let upper = band.edges.map { (x.position($0.x), y.position($0.high)) }
            let lower = band.edges.reversed().map { (x.position($0.x), y.position($0.low)) }
            return "<path class=\"band \(band.style.classes)\" d=\"\(Self.path(upper + lower))z\"/>"
        }
    }

    private var rules: [Markup] {
        plot.rules.map { rule in
            let isAtX = rule.direction == .atX
            let at = isAtX ? x.position(rule.value) : y.position(rule.value)
            let line: Markup =
                isAtX
                ? "<line x1=\"\(at)\" x2=\"\(at)\" y1=\"\(top)\" y2=\"\(bottom)\"/>"
                : "<line x1=\"\(left)\" x2=\"\(right)\" y1=\"\(at)\" y2=\"\(at)\"/>"
            let text = label(rule, at)
            let kind = rule.isQuiet ? "rule quiet" : "rule"
            guard let mark = rule.mark else {
                return "<g class=\"\(kind)\" aria-hidden=\"true\">\(line)\(text)</g>"
            }
            return """
                <g class="\(kind) m"\(mark.attributes(isTabStop: false)) data-px="\(at)">\
                \(mark.title)\(line)\(text)</g>
                """
        }
    }

    private func label(_ rule: LinePlot.Rule, _ at: Double) -> Markup {
        guard !rule.text.isEmpty else { return "" }
        return rule.direction == .atX
            ? "<text class=\"x\" x=\"\(at)\" y=\"\(top - 3)\">\(rule.text)</text>"
            : "<text class=\"end\" x=\"\(right)\" y=\"\(at - 4)\">\(rule.text)</text>"
    }

    private var lines: [Markup] {
        plot.series.filter(\.drawsLine).flatMap { series -> [Markup] in
            let data = Markup.attributes(series.data.map { ("data-" + $0.name, $0.value) })
            return series.segments.filter { $0.count > 1 }.map { points -> Markup in
                let path = Self.path(points.map { (x.position($0.x), y.position($0.y)) })
                let kind = "line " + series.style.classes + (series.isFaint ? " faint" : "")
                return "<path class=\"\(kind)\"\(data) d=\"\(path)\"/>"
            }
        }
    }

    private var marks: [Markup] {
        var isFirst = true
        return plot.series.map { series in
            let marks = series.segments.joined().map { point -> Markup in
                defer { isFirst = false }
                return mark(point, series.style, isTabStop: isFirst)
            }
            let data = Markup.attributes(series.data.map { ("data-" + $0.name, $0.value) })
            let kind = "series " + series.style.classes + (series.isFaint ? " faint" : "")
            return "<g class=\"\(kind)\"\(data)>\(marks)</g>"
        }
    }

    private func mark(_ point: LinePlot.Point, _ style: SeriesStyle, isTabStop: Bool) -> Markup {
        let (px, py) = (x.position(point.x), y.position(point.y))
        let symbol = point.isEmphasized ? Symbols.id(style.shape) : Symbols.dot
        var markup: Markup = ""
        if let spread = point.spread {
            let ends = (y.position(spread.lowerBound), y.position(spread.upperBound))
            markup += "<path class=\"whisker\" d=\"M\(px) \(ends.0)V\(ends.1)\"/>"
        }
        markup += """
            <use class="m" href="#\(symbol)" x="\(px)" y="\(py)"\
            \(point.mark.attributes(isTabStop: isTabStop))>\(point.mark.title)</use>
            """
        return markup
    }

    private var tallies: Markup {
        guard !plot.tallies.isEmpty else { return "" }
        let hasMarks = plot.series.contains { !$0.segments.joined().isEmpty }
        let bars = plot.tallies.enumerated().map { index, tally -> Markup in
            let height = max(2.5, tally.share * (Self.stripHeight - 2))
            return """
                <rect class="m error" x="\(x.position(tally.x) - 1.5)" y="\(bottom - height)" \
                width="3" height="\(height)"\
                \(tally.mark.attributes(isTabStop: !hasMarks && index == 0))>\
                \(tally.mark.title)</rect>
                """
        }
        return "<g class=\"series errors\" data-series=\"errors\">\(bars)</g>"
    }

    private static func path(_ points: [(Double, Double)]) -> Markup {
        var markup: Markup = ""
        for (index, point) in points.enumerated() {
            markup += index == 0 ? "M" : "L"
            markup += "\(point.0) \(point.1)"
        }
        return markup
    }
}

extension Markup {
    /// A raw value with all its digits.
    static func raw(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 9e15 ? String(Int64(value)) : "\(value)"
    }
}
