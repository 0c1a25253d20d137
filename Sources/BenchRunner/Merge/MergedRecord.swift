import Foundation
import Presign

/// `run.json` of merged shards: the plan that they had in common, and where each figure is from.
struct MergedRecord {
    let selection: ShardSelection
    let warnings: [String]
    let overlaps: [(cell: String, windows: WindowOverlap)]
    var objectives: [ObjectiveVerdict] = []

    var json: [UInt8] {
        let first = selection.shards.first
        var object: [String: Any] = [
            "schema_version": 1,
            "tool": "uploadbench \(Uploadbench.version)",
            "status": (selection.missing.isEmpty ? RunRecord.Status.complete : .partial).rawValue,
            "started_at": selection.shards.map(\.record.startedAt).min() ?? "",
            "warnings": warnings,
            "merged": merged,
        ]
        object["ended_at"] = selection.shards.compactMap(\.record.endedAt).max() ?? NSNull()
        for name in ["plan", "seed", "plan_hash", "target", "emulated", "libraries", "git_commit"] {
            object[name] = first?.record.json[name].map(Self.plain) ?? NSNull()
        }
        if !objectives.isEmpty { object["objectives"] = objectives.map(\.object) }
        return Array((JSONText.render(object) + "\n").utf8)
    }

    private var merged: [String: Any] {
        var object: [String: Any] = [
            "shard_count": selection.count,
            "missing": selection.missing,
            "shards": selection.shards.map { shard -> [String: Any] in
                var entry: [String: Any] = [
                    "index": shard.index, "attempt": shard.attempt, "path": shard.path,
                    "started_at": shard.record.startedAt,
                ]
                for name in ["clock", "source"] {
                    entry[name] = shard.record.json["shard"]?[name].map(Self.plain) ?? NSNull()
                }
                entry["machine"] = shard.record.json["machine"].map(Self.plain) ?? NSNull()
                return entry
            },
            "windows": overlaps.map { cell, windows -> [String: Any] in
                [
                    "cell": cell, "common_share": windows.share ?? NSNull() as Any,
                    "start_spread_s": windows.startSpreadSeconds,
                ]
            },
        ]
        object["run_id"] = selection.shards.first?.runName ?? NSNull()
        return object
    }

    /// As JSONSerialization takes it.
    private static func plain(_ value: JSONValue) -> Any {
        if let members = value.object {
            return Dictionary(members.map { ($0.name, plain($0.value)) }) { $1 }
        }
        if let elements = value.array { return elements.map(plain) }
        if let text = value.string { return text }
        if let number = value.number { return NSDecimalNumber(string: number) }
        if case .bool(let flag) = value { return flag }
        return NSNull()
    }
}
