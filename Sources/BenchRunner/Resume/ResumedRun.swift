import Foundation
import Presign

/// A run that was cut off, as it is found: which of its cells are finished, and what it was told.
final class ResumedRun {
    let directory: ResultsDirectory
    let lock: RunLock
    let startedAt: Date
    let runName: RunName
    let given: GivenSettings
    let finished: Set<RoundKey>
    private(set) var earlier: EarlierSessions
    private let run: RecordedRun
    private let json: [String: Any]

    /// - Returns: nil when the run is complete: there is nothing to do.
    /// - Throws: why it cannot go on.
    static func open(_ path: String) throws(CommandError) -> ResumedRun? {
        let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard FileManager.default.fileExists(atPath: path + "/run.json") else {
            throw .usage(
                "--resume: '\(path)' is no results directory (a folder with run.json)"
                    + (FileManager.default.fileExists(atPath: path + "/base/run.json")
                        ? "; " + againstReason : ""))
        }
        let lock: RunLock?
        do throws(ResultsError) {
            lock = try RunLock(path)
        } catch {
            throw error.commandError
        }
        guard let lock else {
            throw CommandError(
                exitCode: .failure,
                message: "\(path) is in use: its run still goes on, or is being resumed elsewhere")
        }
        do throws(RecordedError) {
            let run = try RecordedRun(path)
            if run.record.isComplete {
                lock.remove()
                return nil
            }
            try run.checkWholeness()
            try ResultsTrim.check(run)
            _ = try RecordedDetail(run, isForResuming: true)
            return try ResumedRun(run, lock)
        } catch {
            throw error.commandError
        }
    }

    private init(_ run: RecordedRun, _ lock: RunLock) throws(RecordedError) {
        self.run = run
        self.lock = lock
        directory = ResultsDirectory(existing: run.path)
        let bytes = (try? InputFile.read(run.record.path, isRegular: true)) ?? []
        json = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any] ?? [:]
        if let reason = Self.whyNot(run.record) {
            throw RecordedError(path: run.record.path, reason: "cannot be resumed: " + reason)
        }
        guard let given = GivenSettings(json["settings"]),
            let name = (json["run_id"] as? String).flatMap(RunName.init),
            let startedAt = RunRecord.time(run.record.startedAt)
        else {
            throw RecordedError(
                path: run.record.path, column: "settings",
                reason:
                    "cannot be resumed: it does not say what the run was told (only 'run' writes"
                    + " that, since version \(Uploadbench.version))")
        }
        (self.given, runName, self.startedAt) = (given, name, startedAt)
        earlier = EarlierSessions(json, startedAt: startedAt)
        finished = Set(run.wholeCells.map(\.roundKey))
    }

    private static let againstReason =
        "the two sides of run --against were to take turns: start it anew"

    /// Runs whose cells were to happen together with something that has ended.
    private static func whyNot(_ record: RecordedRecord) -> String? {
        let own = "uploadbench \(Uploadbench.version)"
        if record.tool != own { return "it is of \(record.tool), and this is \(own)" }
        if record.interleaved != nil { return againstReason }
        if let shard = record.json["shard"], !shard.isNull {
            return
                "a shard belongs to the same seconds as the others: start it again, into a folder of"
                + " its own; merge takes the attempt that is complete"
        }
        if record.plan["client"]?.string == ClientPlan.Kind.chromium.rawValue {
            return "three clients were to take turns within each cell: start it anew"
        }
        return nil
    }

    /// Must be what it was, or the cells would not belong together.
    func check(_ now: RunRecord) throws(CommandError) {
        guard now.planHash == json["plan_hash"] as? String else {
            let before = json["plan"] as? [String: Any] ?? [:]
            let differences = Set(before.keys).union(now.planObject.keys).sorted().compactMap {
                key in
                let texts = [before[key], now.planObject[key]].map { value in
                    value.map { JSONText.render(["": $0]) } ?? "nothing"
                }
                return texts[0] == texts[1] ? nil : key
            }
            throw CommandError(
                exitCode: .failure,
                message:
                    "\(directory.path) cannot be resumed: the same settings give another plan now"
                    + " (\(differences.isEmpty ? "target" : differences.joined(separator: ", ")))")
        }
        let cells = Set(now.plan.cells().map(RoundKey.init))
        guard let strange = finished.subtracting(cells).first else { return }
        throw CommandError(
            exitCode: .failure,
            message: "\(run.file("summary.csv")): \(strange.text) is not of the plan")
    }

    /// The API must put keys where it did: `keys.csv` goes on.
    func check(apiFolder: String?) throws(CommandError) {
        let before = run.record.json["written"]?["api_prefix"]?.string
        guard before == apiFolder else {
            throw CommandError(
                exitCode: .failure,
                message: "\(directory.path) cannot be resumed: the API stores in"
                    + " '\(apiFolder ?? "a folder that it does not name")' now and stored in"
                    + " '\(before ?? "one that it did not name")' before; is UPLOADBENCH_TOKEN another user's?"
            )
        }
    }

    /// Takes away what is of no finished cell.
    ///
    /// - Returns: the run's start on this machine's monotonic clock, in ns: times go on where they were.
    func trim(nowNs: Int64) throws(CommandError) -> Int64 {
        var trim = ResultsTrim(run)
        try trim.trim()
        let sinceStart = Int64(Date().timeIntervalSince(startedAt) * 1e9)
        return nowNs - max(sinceStart, (trim.lastEndedUs + 1) * 1000)
    }

    func contains(_ cell: Cell) -> Bool { finished.contains(RoundKey(cell)) }

    /// What a reader of the whole must know of the machines.
    var warnings: [String] {
        let machines = earlier.sessions.compactMap { $0["machine"] as? [String: Any] }
        let now = JSONText.render(MachineFacts.object)
        guard machines.contains(where: { JSONText.render($0) != now }) else { return [] }
        return ["resumed on another machine or kernel: compare cells across sessions with care"]
    }

    /// As it was planned, not as this machine would.
    var threads: Int? { run.record.plan["threads"]?.integer }
}

extension RoundKey {
    init(_ cell: Cell) {
        self.init(
            scenario: cell.scenario.rawValue, sizeBytes: cell.sizeBytes, round: cell.round)
    }
}
