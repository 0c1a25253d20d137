import Measure

/// All rounds of one strategy at one size, whether they were just measured or read from files.
struct ComparisonRow {
    let scenario: Strategy
    let sizeBytes: Int64?
    let uploads: Int
    let errors: Int
    let failures: [CellMeasurements.Failure: Int]
    let distributions: [Metric: BucketCounts]
    let achievedPerSecond: Double?
    let goodputBytesPerSecond: Double?
    let wireBytesPerUpload: Double?
    let requestsPerUpload: Double?
    let clientCPUUsPerUpload: Double?
    let gatewayCPUUsPerUpload: Double?
    let gatewayPeakBytes: Int64?
    /// The median response time of each round that had a success, in µs.
    let medianUsByRound: [Int: Double]
    /// The size is beyond what the strategy carries, and was refused.
    let isRefused: Bool
    /// What a million such uploads cost in USD: the mean over the rounds, by their uploads.
    var costPerMillionDollars: Double?
    var load = RowLoad()
}

/// What started a row's uploads, and how well that was kept.
struct RowLoad {
    var isOpen = false
    /// The mean rate of the open model.
    var offeredPerSecond: Double?
    /// Uploads of the open model that were not started.
    var overflow = 0
    /// Of each round.
    var generators: [GeneratorHealth] = []

    var isGeneratorLimited: Bool { generators.contains(where: \.isLimit) }
}

extension RowLoad {
    init(_ results: [CellResult]) {
        isOpen = results.contains { $0.load.open != nil }
        let rates = results.compactMap(\.load.ratePerSecond)
        offeredPerSecond = rates.isEmpty ? nil : rates.reduce(0, +) / Double(rates.count)
        overflow = results.reduce(0) { $0 + $1.measurements.overflow }
        generators = results.map(\.generator)
    }
}

extension ComparisonRow {
    /// Percentiles come from the merged histograms, rates from summed counts over summed windows.
    init?(_ results: [CellResult]) {
        guard let first = results.first else { return nil }
        let merged = results.dropFirst().reduce(into: first.measurements) {
            $0.merge($1.measurements)
        }
        let seconds = results.reduce(0) { $0 + $1.windowSeconds }
        let paidFor = results.reduce(0) { $0 + $1.uploadsPaidFor }
        let gatewayNs = results.compactMap(\.gatewayCPUNs)
        let per = { (amount: Double, count: Double) in count > 0 ? amount / count : nil }
        let cpuUs = { (ns: Int64) in per(Double(ns) / 1000, Double(paidFor)) }
        let all = Double(merged.uploads + merged.errors)
        self.init(
            scenario: first.cell.scenario, sizeBytes: first.cell.sizeBytes,
            uploads: merged.uploads, errors: merged.errors, failures: merged.failures,
            distributions: Dictionary(
                uniqueKeysWithValues: Metric.allCases.map { ($0, BucketCounts(merged[$0])) }),
            achievedPerSecond: per(merged.uploadsInWindow, seconds),
            goodputBytesPerSecond: per(merged.bytesInWindow, seconds),
            wireBytesPerUpload: merged.knowsWireBytes ? per(Double(merged.wireBytes), all) : nil,
            requestsPerUpload: per(Double(merged.requests), all),
            clientCPUUsPerUpload: cpuUs(results.reduce(0) { $0 + $1.clientCPUNs }),
            gatewayCPUUsPerUpload: gatewayNs.isEmpty ? nil : cpuUs(gatewayNs.reduce(0, +)),
            gatewayPeakBytes: results.compactMap(\.gatewayPeakBytes).max(),
            medianUsByRound: results.reduce(into: [:]) { medians, result in
                let median = result.measurements[.response].valueUs(atPercentile: 50)
                medians[result.cell.round] = median.map(Double.init)
            },
            isRefused: first.isBeyondLimit && merged.uploads == 0, load: RowLoad(results))
        let priced = results.compactMap { result in
            result.costPerMillion.map { ($0.dollars, Double(result.measurements.uploads)) }
        }
        costPerMillionDollars = per(
            priced.reduce(0) { $0 + $1.0 * $1.1 }, priced.reduce(0) { $0 + $1.1 })
    }

    /// Empty where so few uploads were measured that the percentile would be their maximum.
    func responseUs(_ percentile: Double) -> Double? {
        let needed = percentile > 50 ? 1 / (1 - percentile / 100) : 1
        guard Double(uploads) >= needed.rounded() else { return nil }
        return distributions[.response]?.valueUs(atPercentile: percentile).map(Double.init)
    }

    func medianUs(_ metric: Metric) -> Double? {
        distributions[metric]?.valueUs(atPercentile: 50).map(Double.init)
    }

    /// How far starts were behind the schedule; nil where there is none.
    var lagP99Us: Double? {
        guard load.isOpen else { return nil }
        return distributions[.scheduleLag]?.valueUs(atPercentile: 99).map(Double.init)
    }

    /// What the target answered to an upload that was too large.
    var refusal: String {
        let failure = failures.max { $0.value < $1.value }?.key
        let answer = [failure?.httpStatus.map(String.init), failure?.errorCode]
        let text = answer.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
        let limit =
            scenario == .proxyJSON
            ? "Lambda takes no larger event" : "API Gateway takes no larger body"
        return "refused (\(text.isEmpty ? failure?.outcome.rawValue ?? "" : text)): \(limit)"
    }
}
