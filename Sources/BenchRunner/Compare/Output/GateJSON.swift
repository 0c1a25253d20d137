import Foundation

/// A comparison for programs. Later versions only add members.
struct GateJSON {
    static let schemaVersion = 1
    let report: GateReport

    var text: String { JSONText.render(object) }

    var object: [String: Any] {
        let gate = report.gate
        return [
            "schema_version": Self.schemaVersion,
            "tool": "uploadbench \(Uploadbench.version)",
            "verdict": gate.verdict.rawValue,
            "exit_code": gate.exitCode.rawValue,
            "headline": report.headline,
            "alpha": gate.settings.alpha,
            "power": gate.settings.power,
            "tests": gate.testCount,
            "margins": Dictionary(
                uniqueKeysWithValues: gate.settings.metrics.filter { $0 != .errors }.map {
                    ($0.rawValue, gate.settings.margin($0))
                }),
            "base": Self.run(report.base), "candidate": Self.run(report.candidate),
            "comparisons": gate.rows.map(Self.row),
            "plan_differences": report.ignoredDifferences.map(\.text),
            "warnings": report.caveats,
        ]
    }

    private static func run(_ run: RecordedRun) -> [String: Any] {
        [
            "path": run.path, "tool": run.record.tool, "status": run.record.status,
            "started_at": run.record.startedAt,
            "git_commit": run.record.gitCommit ?? NSNull(),
        ]
    }

    private static func row(_ row: GateRow) -> [String: Any] {
        var object: [String: Any] = [
            "metric": row.metric.rawValue, "verdict": row.verdict.rawValue, "note": row.note,
            "rounds": row.differences.count, "differences": row.differences,
        ]
        object.merge(subject(row.subject)) { first, _ in first }
        let numbers: [String: Double?] = [
            "base": row.base, "candidate": row.candidate, "log_ratio": row.estimate,
            "ratio": row.estimate.map(exp), "ratio_low": row.interval95.map { exp($0.lowerBound) },
            "ratio_high": row.interval95.map { exp($0.upperBound) },
            "log_ratio_low": row.interval95?.lowerBound,
            "log_ratio_high": row.interval95?.upperBound,
            "log_ratio_low_90": row.interval90?.lowerBound,
            "log_ratio_high_90": row.interval90?.upperBound, "p_value": row.pValue,
            "p_adjusted": row.adjustedPValue,
            "smallest_detectable_ratio": row.smallestDetectable.map(exp),
        ]
        for (name, value) in numbers {
            object[name] = value.flatMap { $0.isFinite ? $0 as Any : nil } ?? NSNull()
        }
        object["rounds_needed"] = row.roundsNeeded ?? NSNull()
        if let counts = row.counts {
            object["base_errors"] = counts.base.errors
            object["base_uploads"] = counts.base.uploads
            object["candidate_errors"] = counts.candidate.errors
            object["candidate_uploads"] = counts.candidate.uploads
        }
        return object
    }

    private static func subject(_ subject: GateSubject) -> [String: Any] {
        switch subject {
        case .cell(let key):
            return [
                "scenario": key.scenario, "size_bytes": key.sizeBytes ?? NSNull(),
                "link": key.link, "model": key.model, "concurrency": key.concurrency ?? NSNull(),
                "rate_per_s": key.ratePerSecond ?? NSNull(),
            ]
        case .signing(let operation, let threads):
            return ["operation": operation, "threads": threads]
        }
    }
}
