/// How the runs of a page compare: the others with the first.
enum BetweenRuns {
    static func figures(_ runs: [ReportRun]) -> [Figure] {
        guard let base = runs.first, runs.count > 1 else { return [] }
        let entries = runs.dropFirst().flatMap { candidate -> [RatioFigure.Entry] in
            let metric =
                runs.count > 2 ? "median response time, \(candidate.name)" : "median response time"
            return candidate.comparison.rows.compactMap { row in
                entry(row, base.comparison.rows.first(where: { isSame($0, row) }), metric)
            }
        }
        let margins = Dictionary(
            entries.map { ($0.metric, 0.95...1.05) }, uniquingKeysWith: { first, _ in first })
        let figure = RatioFigure.make(
            entries, margins: margins,
            notes: [
                "Median response time over that of \(base.name), round by round: the geometric mean and its"
                    + " 95% interval (Student's t on the logarithms). The band is ±5%. Runs made at different"
                    + " times also differ in what else the machine did: to judge a change, interleave both"
                    + " in one run."
            ], sources: [])
        return [figure].compactMap { $0 }
    }

    private static func isSame(_ a: ComparisonRow, _ b: ComparisonRow) -> Bool {
        a.scenario == b.scenario && a.sizeBytes == b.sizeBytes
    }

    private static func entry(
        _ row: ComparisonRow, _ base: ComparisonRow?, _ metric: String
    ) -> RatioFigure.Entry? {
        guard let base, let paired = PairedRatio(row, to: base) else { return nil }
        let isFaster = paired.ratio < 1
        return RatioFigure.Entry(
            scenario: row.scenario.rawValue, sizeBytes: row.sizeBytes, metric: metric,
            ratio: paired.ratio, interval: paired.interval,
            verdict: paired.isClear ? (isFaster ? "faster" : "slower") : "not clearly different",
            tone: paired.isClear ? (isFaster ? .good : .bad) : .neutral)
    }
}
