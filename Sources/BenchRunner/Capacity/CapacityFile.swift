import Measure

/// `capacity.csv`: one row per step, and one per answer. docs/capacity.md explains the columns; later
/// versions only append.
final class CapacityFile {
    static let columns = [
        "scenario", "size_bytes", "step", "phase", "rate_per_s", "concurrency", "offered_per_s",
        "achieved_per_s", "seconds", "uploads", "errors", "overflow", "objective",
        "objective_share", "counted", "missed", "missed_share", "design_effect",
        "effective_uploads",
        "response_mean_us", "response_p50_us", "response_p99_us", "authorize_p50_us",
        "notify_p50_us", "in_flight_mean", "in_flight_slope_per_s", "schedule_lag_p99_us",
        "client_busy_share", "client_cpu_us_per_upload", "gateway_cpu_us_per_upload", "fit_per_s",
        "low_per_s", "high_per_s", "decision", "reason",
    ]

    private let file: ResultFile

    init(_ directory: ResultsDirectory) throws(ResultsError) {
        file = try ResultFile(path: directory.file("capacity.csv"))
        var header = CSVEncoder()
        Self.columns.forEach { header.field($0) }
        header.endRow()
        try file.append(header.bytes)
    }

    func append(_ row: CapacityRow) throws(ResultsError) { try file.append(row.bytes) }
    func close() throws(ResultsError) { try file.close() }
}

/// One row; nil is an empty field.
struct CapacityRow {
    let scenario: Strategy
    let sizeBytes: Int64?
    var step: Int?
    let phase: String
    var perSecond: Double?
    var concurrency: Int?
    var facts: StepFacts?
    /// The objective that is nearest to its limit or furthest beyond it.
    var objective: ShareObjective?
    var evidence: ShareEvidence?
    var fitPerSecond: Double?
    var lowPerSecond: Double?
    var highPerSecond: Double?
    let decision: String
    var reason = ""

    var bytes: [UInt8] {
        var row = CSVEncoder()
        row.field(scenario.rawValue)
        row.field(sizeBytes)
        row.field(step)
        row.field(phase)
        row.field(perSecond, places: 4)
        row.field(concurrency)
        row.field(facts?.offeredPerSecond, places: 4)
        row.field(facts?.achievedPerSecond, places: 4)
        row.field(facts?.seconds, places: 3)
        row.field(facts?.uploads)
        row.field(facts?.errors)
        row.field(facts?.overflow)
        row.field(objective?.text ?? "")
        row.field(objective?.share, places: 6)
        row.field(evidence?.count)
        row.field(evidence?.hits)
        row.field(evidence?.share, places: 6)
        row.field(evidence?.designEffect, places: 2)
        row.field(evidence?.effectiveCount, places: 1)
        row.field(facts?.responseMeanUs, places: 1)
        row.field(facts?.responseP50Us)
        row.field(facts?.responseP99Us)
        row.field(facts?.authorizeP50Us)
        row.field(facts?.notifyP50Us)
        row.field(facts?.inFlightMean, places: 3)
        row.field(facts?.inFlightSlopePerSecond, places: 4)
        row.field(facts?.scheduleLagP99Us)
        row.field(facts?.clientBusyShare, places: 3)
        row.field(facts?.clientCPUUsPerUpload, places: 1)
        row.field(facts?.gatewayCPUUsPerUpload, places: 1)
        row.field(fitPerSecond, places: 4)
        row.field(lowPerSecond, places: 4)
        row.field(highPerSecond, places: 4)
        row.field(decision)
        row.field(reason)
        row.endRow()
        return row.bytes
    }
}

extension CapacityRow {
    init(_ cell: Cell, step: Int, _ outcome: StepRunner.Outcome, _ objectives: [ShareObjective]) {
        let result = outcome.result
        let worst = zip(objectives, result.evidence).max {
            $0.1.share / $0.0.share < $1.1.share / $1.0.share
        }
        self.init(
            scenario: cell.scenario, sizeBytes: cell.sizeBytes, step: step,
            phase: result.step.phase.rawValue, perSecond: result.step.perSecond,
            facts: outcome.facts, objective: worst?.0, evidence: worst?.1,
            decision: result.decision.rawValue, reason: result.reason)
    }

    init(_ answer: CapacityAnswer) {
        self.init(
            scenario: answer.scenario, sizeBytes: answer.sizeBytes, phase: "answer",
            perSecond: answer.perSecond, lowPerSecond: answer.lowPerSecond,
            highPerSecond: answer.highPerSecond, decision: answer.verdict.rawValue,
            reason: answer.reason)
    }
}
