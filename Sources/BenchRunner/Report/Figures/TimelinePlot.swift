/// The small plot of one strategy at one size over its seconds.
struct TimelinePlot {
    private let line: CondensedTrack
    private let axis: Axis
    private var style: SeriesStyle { SeriesStyle(line.track.strategy) }

    init(_ line: CondensedTrack, _ axis: Axis) {
        self.line = line
        self.axis = axis
    }

    var markup: Markup {
        let name =
            "Latency over time, \(line.track.strategy.rawValue),"
            + " \(FigureText.size(line.track.sizeBytes))"
        let plot = LinePlot(
            name: name,
            xAxis: .linear("seconds, rounds end to end", domain: 0...Double(max(line.length, 1))),
            yAxis: axis,
            series: [
                series("99", isFaint: true, \.p99Us), series("50", isFaint: false, \.p50Us),
            ],
            rules: line.boundaries.prefix(60).map {
                LinePlot.Rule(direction: .atX, value: Double($0), text: "", isQuiet: true)
            },
            tallies: tallies, height: 96, hasTitles: false)
        return LinePlotDrawing(plot).markup
    }

    private func series(
        _ percentile: String, isFaint: Bool, _ value: (CondensedTrack.Point) -> Double?
    ) -> LinePlot.Series {
        let rounds = Dictionary(grouping: line.points, by: \.round).sorted { $0.key < $1.key }
        // A second in which nothing succeeded breaks the line.
        let segments = rounds.flatMap { round, points in
            points.split { value($0) == nil }.map { stretch in
                stretch.compactMap { point -> LinePlot.Point? in
                    guard let us = value(point) else { return nil }
                    return LinePlot.Point(
                        x: middle(point), y: us, isEmphasized: false,
                        mark: PlotMark(
                            label: "\(line.track.strategy.rawValue), round \(round), second"
                                + " \(point.second): p\(percentile) \(Readable.microseconds(us)),"
                                + " \(point.uploads) uploads, \(point.errors) errors",
                            data: [
                                ("round", String(round)), ("second", String(point.second)),
                                ("us", Markup.raw(us)),
                            ]))
                }
            }
        }
        return LinePlot.Series(
            style: style,
            data: [
                ("scenario", line.track.strategy.rawValue),
                ("size", FigureText.field(line.track.sizeBytes)), ("percentile", percentile),
            ],
            segments: segments, isFaint: isFaint)
    }

    private var tallies: [LinePlot.Tally] {
        let most = Double(line.points.map(\.errors).max() ?? 0)
        return line.points.filter { $0.errors > 0 }.map { point in
            LinePlot.Tally(
                x: middle(point), share: Double(point.errors) / most,
                mark: PlotMark(
                    label: "\(line.track.strategy.rawValue), round \(point.round), second"
                        + " \(point.second): \(point.errors) errors, \(point.uploads) uploads",
                    data: [
                        ("round", String(point.round)), ("second", String(point.second)),
                        ("errors", String(point.errors)),
                    ]))
        }
    }

    /// What happened in a second stands at its middle.
    private func middle(_ point: CondensedTrack.Point) -> Double {
        Double(point.position) + Double(max(point.seconds, 1)) / 2
    }
}
