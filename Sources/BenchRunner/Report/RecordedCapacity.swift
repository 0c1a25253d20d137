import Foundation
import Measure

/// A row of `capacity.csv`: a step of a search, its answer, a row of a sweep, or a point of its fit.
struct RecordedCapacityRow {
    let strategy: Strategy
    let sizeBytes: Int64?
    let phase: String
    let ratePerSecond: Double?
    let concurrency: Double?
    let achievedPerSecond: Double?
    let objective: String
    let p50Us: Double?
    let p99Us: Double?
    let fitPerSecond: Double?
    let lowPerSecond: Double?
    let highPerSecond: Double?
    let decision: String
    let reason: String

    fileprivate init(_ table: RecordedTable) throws(RecordedError) {
        let decimal = { (column: String) throws(RecordedError) -> Double? in
            table.move(to: column) ? try table.optionalDecimal() : nil
        }
        let text = { (column: String) throws(RecordedError) -> String in
            table.move(to: column) ? try table.text() : ""
        }
        let scenario = try text("scenario")
        guard let strategy = Strategy(rawValue: scenario) else {
            throw table.fault("'\(scenario.prefix(40))' is no strategy")
        }
        self.strategy = strategy
        sizeBytes = table.move(to: "size_bytes") ? try table.optionalInteger() : nil
        phase = try text("phase")
        ratePerSecond = try decimal("rate_per_s")
        concurrency = try decimal("concurrency")
        achievedPerSecond = try decimal("achieved_per_s")
        objective = try text("objective")
        p50Us = try decimal("response_p50_us")
        p99Us = try decimal("response_p99_us")
        fitPerSecond = try decimal("fit_per_s")
        lowPerSecond = try decimal("low_per_s")
        highPerSecond = try decimal("high_per_s")
        decision = try text("decision")
        reason = try text("reason")
    }
}

extension RecordedRun {
    /// The figures of a capacity search or sweep; none where the run was neither.
    func capacityFigures() throws(RecordedError) -> [Figure] {
        guard has("capacity.csv") else { return [] }
        let table = try RecordedTable(
            path: file("capacity.csv"), columns: CapacityFile.columns)
        var rows: [RecordedCapacityRow] = []
        while try table.advance() { rows.append(try RecordedCapacityRow(table)) }
        let groups = Dictionary(grouping: rows) {
            RecordedDetail.Group(scenario: $0.strategy.rawValue, sizeBytes: $0.sizeBytes)
        }.values.sorted { Self.order($0[0]) < Self.order($1[0]) }
        let objective = CapacityFigure.Objective(
            rows.first { !$0.objective.isEmpty }?.objective ?? "")
        return [
            CapacityFigure.make(
                groups.map { CapacityFigure.Curve($0, objective) }, objective: objective,
                sources: ["capacity.csv"]),
            ScalabilityFigure.make(
                groups.compactMap { ScalabilityFigure.Fit($0) }, sources: ["capacity.csv"]),
        ].compactMap { $0 }
    }

    private static func order(_ row: RecordedCapacityRow) -> (Int64, Int) {
        (row.sizeBytes ?? -1, Strategy.allCases.firstIndex(of: row.strategy) ?? 0)
    }
}

extension CapacityFigure.Objective {
    /// From an objective's text, such as `p99 < 300ms`. The file keeps the median and p99 of a step:
    /// for another percentile p99 is drawn, and no limit with it.
    init(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        let sign = words.firstIndex(of: "<") ?? words.count
        let name = sign > 0 && sign < words.count ? words[sign - 1] : ""
        let limit = sign + 1 < words.count ? words[sign + 1] : ""
        let isKept = name == "p50" || name == "p99"
        let duration = try? Quantities.duration(limit, "objective")
        self.init(
            text: text, percentile: name == "p50" ? 50 : 99,
            limitUs: isKept ? duration.map { $0.inSeconds * 1e6 } : nil)
    }
}

extension CapacityFigure.Curve {
    init(_ rows: [RecordedCapacityRow], _ objective: CapacityFigure.Objective) {
        let answer = rows.first { $0.phase == "answer" }
        let searched = rows.filter { !["answer", "sweep", "fit"].contains($0.phase) }
        var remark = answer.map { $0.decision + ($0.reason.isEmpty ? "" : ": \($0.reason)") } ?? ""
        if let answer, answer.ratePerSecond == nil, let low = answer.lowPerSecond,
            let high = answer.highPerSecond
        {
            remark += "; between \(Axis.plain(low)) and \(Axis.plain(high)) per second"
        }
        self.init(
            strategy: rows[0].strategy, sizeBytes: rows[0].sizeBytes,
            steps: searched.compactMap { row in
                row.ratePerSecond.map { rate in
                    Step(
                        ratePerSecond: rate,
                        responseUs: objective.percentile == 50 ? row.p50Us : row.p99Us,
                        verdict: row.decision)
                }
            },
            answer: answer.flatMap { row in
                row.ratePerSecond.map { ($0, row.lowPerSecond, row.highPerSecond) }
            }, remark: remark)
    }
}

extension ScalabilityFigure.Fit {
    init?(_ rows: [RecordedCapacityRow]) {
        let sweep = rows.filter { $0.phase == "sweep" }
        let points = sweep.filter { $0.decision == "fitted" }.compactMap { row in
            row.concurrency.flatMap { count in row.achievedPerSecond.map { (count, $0) } }
        }
        guard let first = sweep.first, !points.isEmpty else { return nil }
        let curve = rows.filter { $0.phase == "fit" }.compactMap {
            row -> (concurrency: Double, perSecond: Double, low: Double, high: Double)? in
            guard let count = row.concurrency, let rate = row.fitPerSecond,
                let low = row.lowPerSecond, let high = row.highPerSecond
            else { return nil }
            return (count, rate, low, high)
        }.sorted { $0.concurrency < $1.concurrency }
        // A curve that still rises at its end has no peak that it shows.
        let highest = curve.max { $0.perSecond < $1.perSecond }
        let hasPeak = highest.map { $0.concurrency < curve[curve.count - 1].concurrency } ?? false
        let leftOut = sweep.count - points.count
        self.init(
            strategy: first.strategy, sizeBytes: first.sizeBytes, points: points, curve: curve,
            peak: hasPeak ? highest.map { ($0.concurrency, $0.perSecond) } : nil,
            parameters: "the law is fitted to \(points.count) rows"
                + (leftOut > 0 ? ", \(leftOut) were left out" : ""))
    }
}
