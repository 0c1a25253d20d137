/// Sums over the measured uploads of one strategy at one size that succeeded, in µs.
struct TimeSpent: Sendable {
    let strategy: Strategy
    let sizeBytes: Int64?
    var uploads = 0
    var responseUs = 0.0
    var authorizeUs = 0.0
    var uploadUs = 0.0
    var notifyUs = 0.0
    var connectUs = 0.0
    var tlsUs = 0.0
    var sendUs = 0.0
    var waitUs = 0.0

    init(strategy: Strategy, sizeBytes: Int64?) {
        self.strategy = strategy
        self.sizeBytes = sizeBytes
    }

    mutating func add(_ sample: RecordedSample) {
        uploads += 1
        responseUs += Double(sample.responseUs)
        authorizeUs += Double(sample.authorizeUs ?? 0)
        uploadUs += Double(sample.uploadUs ?? 0)
        notifyUs += Double(sample.notifyUs ?? 0)
        connectUs += Double(sample.connectUs ?? 0)
        tlsUs += Double(sample.tlsUs ?? 0)
        sendUs += Double(sample.sendUs ?? 0)
        waitUs += Double(sample.waitUs ?? 0)
    }

    /// A part of the mean response time.
    struct Part: Sendable {
        let name: String
        let color: Int
        let meanUs: Double
    }

    var meanUs: Double { responseUs / Double(max(uploads, 1)) }

    /// By what an upload did: its steps one after the other.
    var steps: [Part] {
        parts([("authorize", 0, authorizeUs), ("upload", 1, uploadUs), ("notify", 2, notifyUs)])
    }

    /// By what its connections did. `connect` and `TLS` are sums over all requests.
    var network: [Part] {
        parts([
            ("connect", 4, connectUs), ("TLS", 5, tlsUs), ("send", 6, sendUs), ("wait", 7, waitUs),
        ])
    }

    /// Parts of parallel requests overlap, and may add up to more than the whole.
    var overlaps: Bool { connectUs + tlsUs + sendUs + waitUs > responseUs }

    private func parts(_ sums: [(name: String, color: Int, us: Double)]) -> [Part] {
        let rest = responseUs - sums.reduce(0) { $0 + $1.us }
        return (sums + [("rest", 3, max(0, rest))]).map {
            Part(name: $0.name, color: $0.color, meanUs: $0.us / Double(max(uploads, 1)))
        }
    }
}

/// Where the time of an upload goes: stacked bars whose parts add up to the mean response time.
enum TimeSpentFigure {
    static func make(_ all: [TimeSpent]) -> Figure? {
        let spent = all.filter { $0.uploads > 0 }
        let sizes = Set(spent.map(\.sizeBytes)).sorted { ($0 ?? -1) < ($1 ?? -1) }
        guard !sizes.isEmpty else { return nil }
        let kept = PageLimits.chosen(sizes.count, atMost: PageLimits.panels).map { sizes[$0] }
        let shown = kept.map { size in
            (
                size,
                Strategy.allCases.compactMap { strategy in
                    spent.first { $0.strategy == strategy && $0.sizeBytes == size }
                }
            )
        }
        var notes = [
            "Means, because the medians of the parts do not add up to the median of the whole; of the"
                + " measured uploads that succeeded. The upper bar divides the mean response time by the"
                + " upload's steps, the lower bar by what its connections did: connect and TLS of all"
                + " its requests, send and wait of the one that carries the file; the rest is the other"
                + " requests' waiting and the client's own work."
        ]
        if spent.contains(where: \.overlaps) {
            notes.append(
                "Where requests ran side by side, as parts do, their connects overlap and the lower bar"
                    + " can be longer than the upper.")
        }
        return Figure(
            id: "time", title: "Where the time goes",
            notes: notes + FigureText.leftOut(kept.count, of: sizes.count, "sizes"),
            legend: [
                ("authorize", 0), ("upload", 1), ("notify", 2), ("connect", 4), ("TLS", 5),
                ("send", 6), ("wait", 7), ("rest", 3),
            ].map { Figure.LegendEntry(name: $0.0, sample: .part($0.1)) },
            panels: shown.map { Figure.Panel(title: FigureText.size($0), plot: plot($1, $0)) },
            summary: shown.compactMap { summary($1, $0) },
            tables: shown.map { table($1, FigureText.size($0)) },
            data: FigureData(
                columns: ["scenario", "size_bytes", "division", "part", "mean_us"],
                rows: shown.flatMap { $1.flatMap(csvRows) }),
            sources: ["samples.csv"])
    }

    private static func plot(_ spent: [TimeSpent], _ size: Int64?) -> Markup {
        let longest = spent.flatMap { [sum($0.steps), sum($0.network)] }.max() ?? 1
        let plot = BarPlot(
            name: "Where the time goes, \(FigureText.size(size))",
            axis: .linear("mean response time", domain: 0...longest, count: 4, label: Axis.time),
            rows: spent.map { item in
                BarPlot.Row(
                    name: item.strategy.rawValue,
                    bars: [
                        bar(item, "step", item.steps, Readable.microseconds(item.meanUs)),
                        bar(item, "network", item.network, ""),
                    ])
            })
        return BarPlotDrawing(plot).markup
    }

    private static func bar(
        _ item: TimeSpent, _ division: String, _ parts: [TimeSpent.Part], _ text: String
    ) -> BarPlot.Bar {
        BarPlot.Bar(
            parts: parts.filter { $0.meanUs > 0 }.map { part in
                let share = Int((100 * part.meanUs / max(item.meanUs, 1)).rounded())
                return BarPlot.Part(
                    color: part.color, value: part.meanUs,
                    mark: PlotMark(
                        label: "\(item.strategy.rawValue), \(FigureText.size(item.sizeBytes)),"
                            + " \(part.name): \(Readable.microseconds(part.meanUs)), \(share)% of the"
                            + " mean response time",
                        data: [
                            ("scenario", item.strategy.rawValue),
                            ("size", FigureText.field(item.sizeBytes)), ("division", division),
                            ("part", part.name), ("us", Markup.raw(part.meanUs)),
                        ]))
            }, text: text)
    }

    private static func sum(_ parts: [TimeSpent.Part]) -> Double {
        parts.reduce(0) { $0 + $1.meanUs }
    }

    /// The steps that take most of the time somewhere, with where they take least and most.
    private static func summary(_ spent: [TimeSpent], _ size: Int64?) -> String? {
        let texts = (0..<3).compactMap { step -> String? in
            let shares = spent.filter { $0.meanUs > 0 }.map { item in
                (item.strategy, Int((100 * item.steps[step].meanUs / item.meanUs).rounded()))
            }.filter { $0.1 > 0 }
            guard let least = shares.min(by: { $0.1 < $1.1 }),
                let most = shares.max(by: { $0.1 < $1.1 })
            else { return nil }
            let name = spent[0].steps[step].name
            guard least.1 != most.1 else { return "\(name) takes \(most.1)%" }
            return
                "\(name) takes \(least.1)% (\(least.0.rawValue)) to \(most.1)% (\(most.0.rawValue))"
        }
        guard !texts.isEmpty else { return nil }
        return
            "\(FigureText.size(size)), of the mean response time: \(texts.joined(separator: "; "))."
    }

    private static func table(_ spent: [TimeSpent], _ size: String) -> ReadableTable {
        ReadableTable(
            caption: "Mean times of an upload, \(size)",
            header: [
                "strategy", "response", "authorize", "upload", "notify", "rest", "connect", "TLS",
                "send", "wait", "rest of connections",
            ],
            rows: spent.map { item in
                [item.strategy.rawValue, Readable.microseconds(item.meanUs)]
                    + (item.steps + item.network).map { Readable.microseconds($0.meanUs) }
            })
    }

    private static func csvRows(_ item: TimeSpent) -> [[String]] {
        let divisions = [("step", item.steps), ("network", item.network)]
        return divisions.flatMap { division, parts in
            parts.filter { $0.meanUs > 0 }.map {
                [
                    item.strategy.rawValue, FigureText.field(item.sizeBytes), division, $0.name,
                    Markup.raw($0.meanUs),
                ]
            }
        }
    }
}
