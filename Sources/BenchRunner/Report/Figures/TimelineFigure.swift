/// Latency over the seconds of a run, with its errors: a small plot per strategy and size.
enum TimelineFigure {
    /// The seconds of one strategy at one size.
    struct Track: Sendable {
        let strategy: Strategy
        let sizeBytes: Int64?
        let seconds: [Second]
    }

    struct Second: Sendable {
        let round: Int
        /// From its cell's start.
        let second: Int
        let uploads: Int
        let errors: Int
        let p50Us: Double?
        let p99Us: Double?
    }

    static func make(_ tracks: [Track]) -> Figure? {
        let filled = tracks.filter { !$0.seconds.isEmpty }
        guard !filled.isEmpty else { return nil }
        let sizes = Set(filled.map(\.sizeBytes)).sorted { ($0 ?? -1) < ($1 ?? -1) }
        let perSize = max(1, PageLimits.timelines / Strategy.allCases.count)
        let kept = PageLimits.chosen(sizes.count, atMost: perSize).map { sizes[$0] }
        var panels: [Figure.Panel] = []
        var tables: [ReadableTable] = []
        var data = FigureData(columns: [
            "scenario", "size_bytes", "round", "second", "position_s", "seconds", "uploads",
            "errors",
            "response_p50_us", "response_p99_us",
        ])
        for size in kept {
            let lines = Strategy.allCases.compactMap { strategy in
                filled.first { $0.strategy == strategy && $0.sizeBytes == size }
            }.map(CondensedTrack.init)
            let times = lines.flatMap(\.points).flatMap { [$0.p50Us, $0.p99Us].compactMap { $0 } }
            let axis = Axis.microseconds("response time", covering: times, count: 3)
            panels += lines.map { line in
                Figure.Panel(
                    group: FigureText.size(size), title: line.track.strategy.rawValue,
                    plot: TimelinePlot(line, axis).markup)
            }
            tables += lines.map(table)
            data.rows += lines.flatMap(\.rows)
        }
        return Figure(
            id: "timeline", title: "Latency over time, with errors",
            notes: notes(filled) + FigureText.leftOut(kept.count, of: sizes.count, "sizes"),
            legend: [Figure.LegendEntry(name: "failed uploads", sample: .errors)],
            panels: panels,
            summary: kept.map { size in
                summary(filled.filter { $0.sizeBytes == size }, size)
            },
            tables: tables, data: data, sources: ["timeline.csv"])
    }

    private static func notes(_ tracks: [Track]) -> [String] {
        let width = tracks.map { CondensedTrack.width($0.seconds.count) }.max() ?? 1
        let first =
            "Response time by second of measuring: the strong line is the median, the faint one p99, of the"
            + " uploads that ended in that second, warm-up included. A strategy's rounds stand end to end"
            + " with a thin line between; all plots of a size have the same scale."
        return width > 1
            ? [
                first,
                "Long runs are drawn in steps of up to \(width) seconds: each shows its worst second,"
                    + " because percentiles cannot be averaged, and the sum of its errors.",
            ] : [first]
    }

    private static func summary(_ tracks: [Track], _ size: Int64?) -> String {
        let seconds = tracks.flatMap { track in track.seconds.map { (track.strategy, $0) } }
        let failing = tracks.map { track in
            (track.strategy, track.seconds.reduce(0) { $0 + $1.errors })
        }.filter { $0.1 > 0 }
        var text = FigureText.size(size) + ": "
        text +=
            failing.isEmpty
            ? "no errors"
            : "errors: " + failing.map { "\($0.1) of \($0.0.rawValue)" }.joined(separator: ", ")
        let timed = seconds.compactMap { strategy, second in
            second.p50Us.map { (strategy, second.round, $0) }
        }
        if let low = timed.min(by: { $0.2 < $1.2 }), let high = timed.max(by: { $0.2 < $1.2 }) {
            text +=
                "; the median of a second lies between \(Readable.microseconds(low.2))"
                + " (\(low.0.rawValue), round \(low.1)) and \(Readable.microseconds(high.2))"
                + " (\(high.0.rawValue), round \(high.1))"
        }
        return text + "."
    }

    private static func table(_ line: CondensedTrack) -> ReadableTable {
        ReadableTable(
            caption: "\(line.track.strategy.rawValue), \(FigureText.size(line.track.sizeBytes))",
            header: ["round", "second", "uploads", "errors", "p50", "p99"],
            rows: line.points.prefix(PageLimits.rows).map {
                [
                    String($0.round), String($0.second), String($0.uploads), String($0.errors),
                    $0.p50Us.map { Readable.microseconds($0) } ?? "",
                    $0.p99Us.map { Readable.microseconds($0) } ?? "",
                ]
            })
    }
}

/// A track in as many points as a plot can show.
struct CondensedTrack: Sendable {
    struct Point: Sendable {
        let round: Int
        let second: Int
        /// Seconds from the track's start, all rounds end to end.
        let position: Int
        let seconds: Int
        let uploads: Int
        let errors: Int
        let p50Us: Double?
        let p99Us: Double?
    }

    let track: TimelineFigure.Track
    let points: [Point]
    /// Where a round follows another.
    let boundaries: [Int]
    let length: Int

    init(_ track: TimelineFigure.Track) {
        self.track = track
        let byRound = Dictionary(grouping: track.seconds, by: \.round).sorted { $0.key < $1.key }
        let width = Self.width(track.seconds.count)
        var (points, boundaries, start): ([Point], [Int], Int) = ([], [], 0)
        for (round, seconds) in byRound {
            if start > 0 { boundaries.append(start) }
            let groups = Dictionary(grouping: seconds) { $0.second / width }
            points += groups.sorted { $0.key < $1.key }.map { index, group in
                Point(
                    round: round, second: index * width, position: start + index * width,
                    seconds: group.count, uploads: group.reduce(0) { $0 + $1.uploads },
                    errors: group.reduce(0) { $0 + $1.errors },
                    p50Us: group.compactMap(\.p50Us).max(), p99Us: group.compactMap(\.p99Us).max())
            }
            start += (seconds.map(\.second).max() ?? 0) + 1
        }
        self.points = points
        self.boundaries = boundaries
        length = start
    }

    /// Seconds per point.
    static func width(_ seconds: Int) -> Int {
        (seconds + PageLimits.seconds - 1) / PageLimits.seconds
    }

    var rows: [[String]] {
        points.map {
            [
                track.strategy.rawValue, FigureText.field(track.sizeBytes), String($0.round),
                String($0.second), String($0.position), String($0.seconds), String($0.uploads),
                String($0.errors), $0.p50Us.map(Markup.raw) ?? "", $0.p99Us.map(Markup.raw) ?? "",
            ]
        }
    }
}
