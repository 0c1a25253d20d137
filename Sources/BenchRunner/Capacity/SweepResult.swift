import Foundation
import Measure

/// The law of one strategy and size, with its intervals and its curve.
struct SweepResult {
    private let cell: Cell
    private let rows: [SweepRow]
    private let fit: ScalabilityFit?
    private let intervals: ScalabilityIntervals?

    init(_ cell: Cell, _ rows: [SweepRow], seed: UInt64) {
        self.cell = cell
        self.rows = rows
        fit = ScalabilityFit(
            rows.filter(\.problem.isEmpty).compactMap { row in
                row.perSecond.map { .init(clients: Double(row.clients), throughput: $0) }
            })
        intervals = fit.map { ScalabilityIntervals($0, seed: seed) }
    }

    private var title: String {
        cell.scenario.rawValue + (cell.sizeBytes.map { " " + Readable.bytes($0) } ?? "")
    }

    private var mostClients: Int { rows.map(\.clients).max() ?? 0 }
    private var isPeakMeasured: Bool {
        fit?.law.peakClients.map { $0 <= Double(mostClients) } ?? false
    }

    // MARK: For people

    var text: String {
        guard let fit, let intervals else {
            return "\(title): too few rows to fit a law (at least 4, of 3 numbers of clients)"
        }
        let law = fit.law
        let lines = [
            "\(title): X(N) = λN / (1 + σ(N−1) + κN(N−1)), fitted to \(fit.points.count) rows of"
                + " 1 to \(mostClients) clients (95% intervals by bootstrap)",
            "  λ \(Readable.number(law.lambda))/s (\(Self.range(intervals.lambda)))"
                + "  σ \(Self.small(law.sigma)) (\(Self.small(intervals.sigma)))"
                + "  κ \(Self.small(law.kappa)) (\(Self.small(intervals.kappa)))",
            "  " + peakText(fit, intervals),
        ]
        return (lines + leftOut).joined(separator: "\n")
    }

    private func peakText(_ fit: ScalabilityFit, _ intervals: ScalabilityIntervals) -> String {
        guard let clients = fit.law.peakClients, let rate = fit.law.peakThroughput,
            let clientRange = intervals.peakClients, let rateRange = intervals.peakThroughput
        else {
            guard let limit = fit.law.peakThroughput else {
                return "no limit within the measured range"
            }
            return "no peak: it approaches \(Readable.number(limit))/s (extrapolated)"
        }
        let mark =
            isPeakMeasured ? "" : ", extrapolated: beyond the \(mostClients) clients measured"
        return "peak at \(Readable.number(clients)) clients (\(Self.range(clientRange))),"
            + " \(Readable.number(rate))/s (\(Self.range(rateRange)))\(mark)"
    }

    private var leftOut: [String] {
        let bad = rows.filter { !$0.problem.isEmpty }
        guard !bad.isEmpty else { return [] }
        let reasons = Set(bad.map { "\($0.clients) clients: \($0.problem)" }).sorted()
        return ["  left out: " + reasons.joined(separator: "; ")]
    }

    private static func range(_ range: ClosedRange<Double>) -> String {
        let high = range.upperBound.isFinite ? Readable.number(range.upperBound) : "∞"
        return "\(Readable.number(range.lowerBound)) – \(high)"
    }

    private static func small(_ value: Double) -> String { String(format: "%.3g", value) }
    private static func small(_ range: ClosedRange<Double>) -> String {
        small(range.lowerBound) + " – " + small(range.upperBound)
    }

    // MARK: For programs

    var object: [String: Any] {
        var object: [String: Any] = [
            "scenario": cell.scenario.rawValue, "size_bytes": cell.sizeBytes ?? NSNull(),
            "rows": rows.count, "rows_left_out": rows.filter { !$0.problem.isEmpty }.count,
            "most_clients": mostClients,
        ]
        guard let fit, let intervals else { return object }
        object["lambda_per_s"] = Self.object(fit.law.lambda, intervals.lambda)
        object["sigma"] = Self.object(fit.law.sigma, intervals.sigma)
        object["kappa"] = Self.object(fit.law.kappa, intervals.kappa)
        object["peak_clients"] = Self.object(fit.law.peakClients, intervals.peakClients)
        object["peak_per_s"] = Self.object(fit.law.peakThroughput, intervals.peakThroughput)
        object["peak_is_extrapolated"] = !isPeakMeasured
        return object
    }

    private static func object(_ value: Double?, _ range: ClosedRange<Double>?) -> Any {
        let number = { (value: Double?) -> Any in
            value.flatMap { $0.isFinite ? $0 : nil } ?? NSNull()
        }
        guard value != nil else { return NSNull() }
        return [
            "value": number(value), "low": number(range?.lowerBound),
            "high": number(range?.upperBound),
        ]
    }

    /// The curve with its band up to twice the clients that were measured.
    var fitRows: [CapacityRow] {
        guard let fit, let intervals, mostClients > 0 else { return [] }
        let measured = Set(rows.map(\.clients)).sorted()
        let steps = (0...24).map {
            Int(pow(2 * Double(mostClients), Double($0) / 24).rounded())
        }
        return Set(measured + steps).sorted().map { clients in
            let band = intervals.throughput(Double(clients))
            return CapacityRow(
                scenario: cell.scenario, sizeBytes: cell.sizeBytes, phase: "fit",
                concurrency: clients, fitPerSecond: fit.law.throughput(Double(clients)),
                lowPerSecond: band.lowerBound, highPerSecond: band.upperBound,
                decision: clients > mostClients ? "extrapolated" : "fitted")
        }
    }
}
