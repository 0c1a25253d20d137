import Foundation
import Presign

/// Which runs are to be cleaned: a merged directory holds figures, and its shards know what they wrote.
enum CleanOperands {
    static func runs(_ operands: [String]) throws(CommandError) -> [String] {
        var runs: [String] = []
        for operand in operands {
            let path = operand.count > 1 ? operand.dropLastSlash : operand
            for run in try shards(of: path) ?? [path] where !runs.contains(run) {
                runs.append(run)
            }
        }
        return runs
    }

    /// nil for a directory that was not merged.
    private static func shards(of path: String) throws(CommandError) -> [String]? {
        guard let record = try? RecordedRecord(path: path + "/run.json"),
            let merged = record.json["merged"]
        else { return nil }
        let recorded = (merged["shards"]?.array ?? []).compactMap { $0["path"]?.string }
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var missing: [String] = []
        let found = recorded.compactMap { shard -> String? in
            // As it was typed when they were merged, or beside what came of it.
            let name = URL(fileURLWithPath: shard).lastPathComponent
            let places = [shard, "\(parent)/\(name)", "\(path)/\(name)"]
            if let place = places.first(where: isRun) { return place }
            missing.append(shard)
            return nil
        }
        guard missing.isEmpty, !found.isEmpty else {
            throw CommandError(
                exitCode: .failure,
                message:
                    "\(path) was merged, and what was written stands in the records of its shards,"
                    + " which are not there any more: \(missing.joined(separator: ", "));"
                    + " name them where they are: uploadbench clean SHARD…")
        }
        return found
    }

    private static func isRun(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/run.json")
    }
}
