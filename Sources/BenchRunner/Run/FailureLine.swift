import Foundation
import Measure

/// What went wrong, most frequent first, next to the latencies that it is kept out of.
enum FailureLine {
    private static let shownClasses = 5

    static func lines(_ row: ComparisonRow) -> [String] {
        lines(row.failures, row.scenario, row.sizeBytes, "") + times(row)
    }

    /// How long those waited who waited in vain.
    private static func times(_ row: ComparisonRow) -> [String] {
        guard let failed = row.distributions[.failed],
            let median = failed.valueUs(atPercentile: 50),
            let longest = failed.valueUs(atPercentile: 100)
        else { return [] }
        let size = row.sizeBytes.map { " " + Readable.bytes($0) } ?? ""
        return [
            "\(row.scenario.rawValue)\(size): failed after \(Readable.microseconds(Double(median)))"
                + " (median), \(Readable.microseconds(Double(longest))) (longest)"
        ]
    }

    /// What was tried again, per cell.
    static func retried(_ result: CellResult) -> [String] {
        lines(
            result.measurements.retried, result.cell.scenario, result.cell.sizeBytes,
            ", round \(result.cell.round): tried again after")
    }

    private static func lines(
        _ counts: [CellMeasurements.Failure: Int], _ scenario: Strategy, _ sizeBytes: Int64?,
        _ what: String
    ) -> [String] {
        let size = sizeBytes.map { " " + Readable.bytes($0) } ?? ""
        return counts.sorted { $0.value > $1.value }.prefix(shownClasses).map { failure, count in
            "\(scenario.rawValue)\(size)\(what.isEmpty ? ":" : what) \(count) × \(failure.text)"
        }
    }
}

extension CellMeasurements.Failure {
    /// `server-error 503 SlowDown`.
    var text: String {
        let details = [outcome.rawValue, httpStatus.map(String.init) ?? "", errorCode]
        return details.filter { !$0.isEmpty }.joined(separator: " ")
    }
}

/// What of a cell was tried again, as `run.json` has it.
struct RetriedRecord {
    private let cell: Cell
    private let counts: [CellMeasurements.Failure: Int]

    init(_ result: CellResult) { (cell, counts) = (result.cell, result.measurements.retried) }

    var isEmpty: Bool { counts.isEmpty }

    var object: [String: Any] {
        var object: [String: Any] = ["scenario": cell.scenario.rawValue, "round": cell.round]
        object["size_bytes"] = cell.sizeBytes ?? NSNull()
        object["after"] = counts.sorted { ($1.value, $0.key.text) < ($0.value, $1.key.text) }.map {
            failure, count -> [String: Any] in
            [
                "outcome": failure.outcome.rawValue, "error_code": failure.errorCode,
                "http_status": failure.httpStatus ?? NSNull() as Any, "count": count,
            ]
        }
        return object
    }
}
