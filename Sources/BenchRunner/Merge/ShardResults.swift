import Foundation
import Presign

/// One shard's results directory, and what its `run.json` says of its place.
struct ShardResults {
    let path: String
    let record: RecordedRecord
    let index: Int
    let count: Int
    let attempt: Int
    let runName: String?
    let planHash: String

    /// - Throws: when the directory is no shard's.
    init(_ path: String) throws(RecordedError) {
        let file = path + "/run.json"
        record = try RecordedRecord(path: file)
        self.path = path
        let shard = record.json["shard"]
        guard let index = shard?["index"]?.integer, let count = shard?["count"]?.integer else {
            throw RecordedError(
                path: file, column: "shard",
                reason: "is missing: this run was no shard (run --shard I/N)")
        }
        guard count >= 1, (0..<count).contains(index) else {
            throw RecordedError(
                path: file, column: "shard",
                reason: "is \(index) of \(count), and they count from 0")
        }
        guard let hash = record.json["plan_hash"]?.string, !hash.isEmpty else {
            throw RecordedError(path: file, column: "plan_hash", reason: "is missing")
        }
        (self.index, self.count, planHash) = (Int(index), Int(count), hash)
        attempt = Int(shard?["attempt"]?.integer ?? 0)
        runName = shard?["run_id"]?.string
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// The directories that were meant: each operand itself, or the results directories in it.
    static func directories(_ operands: [String]) throws(CommandError) -> [String] {
        var found: [String] = []
        for operand in operands {
            let path =
                operand.count > 1 && operand.hasSuffix("/") ? String(operand.dropLast()) : operand
            if FileManager.default.fileExists(atPath: path + "/run.json") {
                found.append(path)
                continue
            }
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
                throw CommandError(
                    exitCode: .nothingToCompare, message: "there is no results directory '\(path)'")
            }
            found += names.sorted().map { path + "/" + $0 }
                .filter { FileManager.default.fileExists(atPath: $0 + "/run.json") }
        }
        var seen: Set<String> = []
        return found.filter {
            seen.insert(URL(fileURLWithPath: $0).resolvingSymlinksInPath().path).inserted
        }
    }
}

/// Which of the directories make the run: each shard once, and what is missing.
struct ShardSelection {
    /// In the order of their indices.
    let shards: [ShardResults]
    let count: Int
    /// Indices without a complete run.
    let missing: [Int]
    /// Of shards that are missing, those that began: their folders by index.
    let broken: [Int: String]
    /// What a reader should know: attempts that were left out.
    let notes: [String]

    /// - Parameter expected: how many shards there must be; nil: as many as they say.
    init(_ all: [ShardResults], expected: Int?) throws(CommandError) {
        guard let first = all.first else {
            throw CommandError(
                exitCode: .nothingToCompare, message: "there are no shards' results to merge")
        }
        try Self.checkAlike(all, first)
        count = expected ?? first.count
        guard count == first.count else {
            throw CommandError(
                exitCode: .failure,
                message: "\(first.path) is of \(first.count) shards, and --shards says \(count)")
        }
        var (shards, missing, broken, notes): ([ShardResults], [Int], [Int: String], [String]) =
            ([], [], [:], [])
        let byIndex = Dictionary(grouping: all, by: \.index)
        for index in 0..<count {
            let attempts = byIndex[index, default: []]
            let complete = attempts.filter(\.record.isComplete)
            guard let chosen = complete.max(by: { Self.isOlder($0, $1) }) else {
                missing.append(index)
                broken[index] = attempts.last?.path
                continue
            }
            shards.append(chosen)
            notes += attempts.filter { $0.path != chosen.path }.map {
                "shard \(index): \($0.path) does not count, \(chosen.path) does"
            }
        }
        (self.shards, self.missing, self.broken, self.notes) = (shards, missing, broken, notes)
    }

    private static func isOlder(_ left: ShardResults, _ right: ShardResults) -> Bool {
        (left.attempt, left.record.startedAt, left.path)
            < (right.attempt, right.record.startedAt, right.path)
    }

    /// All shards must have had the same plan, and belong to one run.
    private static func checkAlike(
        _ all: [ShardResults], _ first: ShardResults
    ) throws(CommandError) {
        for other in all.dropFirst() {
            guard other.count == first.count else {
                throw differ(first, other, "\(first.count) shards", "\(other.count)")
            }
            guard other.planHash == first.planHash else {
                throw differ(first, other, "one plan", "another (see \"plan\" in their run.json)")
            }
            guard other.runName == first.runName else {
                throw differ(
                    first, other, "run '\(first.runName ?? "")'", "run '\(other.runName ?? "")'")
            }
            let tools = (first.record.tool, other.record.tool)
            guard tools.0 == tools.1 else { throw differ(first, other, tools.0, tools.1) }
        }
    }

    private static func differ(
        _ first: ShardResults, _ other: ShardResults, _ one: String, _ another: String
    ) -> CommandError {
        CommandError(
            exitCode: .failure,
            message: "these do not belong together: \(first.path) is of \(one), \(other.path) of"
                + " \(another)")
    }

    /// The names of missing shards with what there is of them.
    var missingText: String {
        let shown = missing.prefix(10).map { index in
            broken[index].map { "\(index) (\($0) is partial)" } ?? "\(index)"
        }
        let more = missing.count > 10 ? " and \(missing.count - 10) more" : ""
        return "of \(count) shards \(missing.count == 1 ? "is" : "are") missing: "
            + shown.joined(separator: ", ") + more
    }
}
