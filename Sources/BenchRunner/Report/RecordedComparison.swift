import Measure
import Presign

extension ComparisonRow {
    /// The rounds of one strategy at one size as they stand in the files. Percentiles come from the
    /// merged histograms; rates and costs per upload are weighted as in the run itself, as far as
    /// `summary.csv` keeps the weights.
    init?(_ cells: [RecordedCell], _ detail: RecordedDetail, _ limits: ProxyLimits, isTimed: Bool) {
        guard let first = cells.first, let strategy = Strategy(rawValue: first.scenario) else {
            return nil
        }
        let group = RecordedDetail.Group(scenario: first.scenario, sizeBytes: first.sizeBytes)
        let uploads = cells.reduce(0) { $0 + $1.uploads }
        let carried = strategy.carriesBytes(limits)
        let isBeyond = carried.map { (first.sizeBytes ?? 0) > $0 } ?? false
        let mean = RecordedMean(cells: cells, isTimed: isTimed)
        self.init(
            scenario: strategy, sizeBytes: first.sizeBytes, uploads: uploads,
            errors: cells.reduce(0) { $0 + $1.errors }, failures: detail.failures[group] ?? [:],
            distributions: detail.distributions[group] ?? [:],
            achievedPerSecond: mean.rate(\.achievedPerSecond),
            goodputBytesPerSecond: mean.rate(\.goodputBytesPerSecond),
            wireBytesPerUpload: mean.perUpload(\.wireBytesPerUpload),
            requestsPerUpload: mean.perUpload(\.requestsPerUpload),
            clientCPUUsPerUpload: mean.perUpload(\.clientCPUUsPerUpload),
            gatewayCPUUsPerUpload: mean.perUpload(\.gatewayCPUUsPerUpload),
            gatewayPeakBytes: cells.compactMap(\.gatewayPeakBytes).max(),
            medianUsByRound: detail.medianUsByRound[group] ?? [:],
            isRefused: isBeyond && uploads == 0, load: RowLoad(cells))
        costPerMillionDollars = mean.perUpload(\.costUSDPerMillion)
    }
}

extension RowLoad {
    init(_ cells: [RecordedCell]) {
        isOpen = cells.contains { $0.key.model == "open" }
        let rates = cells.compactMap(\.key.ratePerSecond)
        offeredPerSecond = rates.isEmpty ? nil : rates.reduce(0, +) / Double(rates.count)
        overflow = cells.reduce(0) { $0 + ($1.overflow ?? 0) }
        generators = cells.map { cell in
            GeneratorHealth(
                lagP99Us: isOpen ? cell.scheduleLagP99Us.map { Int64($0) } : nil,
                responseP50Us: cell.response.p50.map { Int64($0) },
                busyShare: cell.clientBusyShare ?? 0)
        }
    }
}

/// Means over rounds.
private struct RecordedMean {
    let cells: [RecordedCell]
    /// Did each round last equally long, or until so many uploads were done?
    let isTimed: Bool

    /// Of rounds that last equally long, the mean is that of all together. Of others, each counts by
    /// the time that it took, which is its uploads over its rate.
    func rate(_ value: (RecordedCell) -> Double?) -> Double? {
        let rates = cells.compactMap { cell in value(cell).map { (cell, $0) } }
        guard !rates.isEmpty else { return nil }
        let plain = rates.reduce(0) { $0 + $1.1 } / Double(rates.count)
        guard !isTimed else { return plain }
        var (seconds, amount) = (0.0, 0.0)
        for (cell, rate) in rates {
            guard let perSecond = cell.achievedPerSecond, perSecond > 0 else { continue }
            let took = Double(cell.uploads) / perSecond
            seconds += took
            amount += rate * took
        }
        return seconds > 0 ? amount / seconds : plain
    }

    func perUpload(_ value: (RecordedCell) -> Double?) -> Double? {
        var (all, amount) = (0.0, 0.0)
        for cell in cells {
            guard let value = value(cell) else { continue }
            let count = Double(cell.uploads + cell.errors)
            all += count
            amount += value * count
        }
        return all > 0 ? amount / all : nil
    }
}

extension RecordedRun {
    /// What the API of the run carried at most: emulated limits may differ from AWS's.
    var proxyLimits: ProxyLimits {
        var limits = ProxyLimits()
        let gateway = record.json["emulated"]?["parameters"]?["gateway"]
        if let bytes = gateway?["lambda_event_limit_bytes"]?.integer {
            limits.lambdaEventBytes = Int64(bytes)
        }
        if let bytes = gateway?["body_limit_bytes"]?.integer {
            limits.gatewayBodyBytes = Int64(bytes)
        }
        return limits
    }

    /// - Throws: where a strategy stands that this version does not know.
    func checkStrategies() throws(RecordedError) {
        for cell in cells where Strategy(rawValue: cell.scenario) == nil {
            let hint = nearest(to: cell.scenario, among: Strategy.names)
                .map { "; the nearest is '\($0)'" }
            throw RecordedError(
                path: file("summary.csv"), line: cell.line, column: "scenario",
                reason: "'\(cell.scenario.prefix(40))' is no strategy\(hint ?? "")")
        }
    }

    /// The same comparison that the run printed, from its files.
    func comparison(_ detail: RecordedDetail) -> Comparison {
        let isTimed = record.plan["duration_s"] != nil
        let groups = Dictionary(grouping: cells) {
            RecordedDetail.Group(scenario: $0.scenario, sizeBytes: $0.sizeBytes)
        }
        return Comparison(
            rows: groups.values.compactMap {
                ComparisonRow($0, detail, proxyLimits, isTimed: isTimed)
            })
    }
}
