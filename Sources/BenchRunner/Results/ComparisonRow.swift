import Measure

/// All rounds of one strategy at one size.
struct ComparisonRow {
    let scenario: Strategy
    let sizeBytes: Int64?
    let measurements: CellMeasurements
    let achievedPerSecond: Double?
    let goodputBytesPerSecond: Double?
    let clientCPUUsPerUpload: Double?
    let gatewayCPUUsPerUpload: Double?
    let gatewayPeakBytes: Int64?
    /// The median response time of each round that had a success, in µs.
    let medianUsByRound: [Int: Double]
    /// The size is beyond what the strategy carries, and was refused.
    let isRefused: Bool

    /// Percentiles come from the merged histograms, rates from summed counts over summed windows.
    init?(_ results: [CellResult]) {
        guard let first = results.first else { return nil }
        scenario = first.cell.scenario
        sizeBytes = first.cell.sizeBytes
        measurements = results.dropFirst().reduce(into: first.measurements) {
            $0.merge($1.measurements)
        }
        let seconds = results.reduce(0) { $0 + $1.windowSeconds }
        let isTimed = seconds > 0
        achievedPerSecond = isTimed ? measurements.uploadsInWindow / seconds : nil
        goodputBytesPerSecond = isTimed ? measurements.bytesInWindow / seconds : nil
        let paidFor = results.reduce(0) { $0 + $1.uploadsPaidFor }
        let perUpload = { (ns: Int64) in
            paidFor > 0 ? Double(ns) / 1000 / Double(paidFor) : nil
        }
        clientCPUUsPerUpload = perUpload(results.reduce(0) { $0 + $1.clientCPUNs })
        let gatewayNs = results.compactMap(\.gatewayCPUNs)
        gatewayCPUUsPerUpload = gatewayNs.isEmpty ? nil : perUpload(gatewayNs.reduce(0, +))
        gatewayPeakBytes = results.compactMap(\.gatewayPeakBytes).max()
        medianUsByRound = results.reduce(into: [:]) { medians, result in
            let median = result.measurements[.response].valueUs(atPercentile: 50)
            medians[result.cell.round] = median.map(Double.init)
        }
        isRefused = first.isBeyondLimit && measurements.uploads == 0
    }

    /// Empty where so few uploads were measured that the percentile would be their maximum.
    func responseUs(_ percentile: Double) -> Double? {
        let needed = percentile > 50 ? 1 / (1 - percentile / 100) : 1
        guard Double(measurements.uploads) >= needed.rounded() else { return nil }
        return measurements[.response].valueUs(atPercentile: percentile).map(Double.init)
    }

    func medianUs(_ metric: Metric) -> Double? {
        measurements[metric].valueUs(atPercentile: 50).map(Double.init)
    }

    var wireBytesPerUpload: Double? { perUpload(Double(measurements.wireBytes)) }
    var requestsPerUpload: Double? { perUpload(Double(measurements.requests)) }

    /// What the target answered to an upload that was too large.
    var refusal: String {
        let failure = measurements.failures.max { $0.value < $1.value }?.key
        let answer = [failure?.httpStatus.map(String.init), failure?.errorCode]
        let text = answer.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
        let limit =
            scenario == .proxyJSON
            ? "Lambda takes no larger event" : "API Gateway takes no larger body"
        return "refused (\(text.isEmpty ? failure?.outcome.rawValue ?? "" : text)): \(limit)"
    }

    private func perUpload(_ amount: Double) -> Double? {
        let all = measurements.uploads + measurements.errors
        return all > 0 ? amount / Double(all) : nil
    }
}
