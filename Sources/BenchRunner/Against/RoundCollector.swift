import Foundation
import Measure

/// Gathers the rounds of one side, each the results of a process, into one results directory.
final class RoundCollector {
    let directory: ResultsDirectory
    private let session: String
    private let side: AgainstSide.Name
    private let plan: RunPlan
    private let looks: [Int]
    private var files: [String: ResultFile] = [:]
    private var record: [String: Any] = [:]
    private var startedAt: Date?
    /// Of the last round, as `run.json` has it.
    private var endedAt: Any?
    private var rounds = 0

    private static let tables = [
        ("samples.csv", Columns.samples), ("timeline.csv", Columns.timeline),
        // A round that has its rows in the last of them is whole.
        ("histograms.csv", Columns.histograms), ("summary.csv", Columns.summary),
    ]
    private static let times: Set<String> = ["intended_us", "started_us", "ended_us"]

    init(
        _ directory: ResultsDirectory, _ side: AgainstSide.Name, session: String, _ plan: RunPlan,
        looks: [Int]
    ) {
        self.directory = directory
        self.side = side
        self.session = session
        self.plan = plan
        self.looks = looks
    }

    /// Adds a round's results and marks the whole as partial until it is finished.
    func add(_ folder: String, round: Int) throws(CommandError) {
        rounds += 1
        let data = FileManager.default.contents(atPath: folder + "/run.json") ?? Data()
        let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
        let started = (object["started_at"] as? String).flatMap(Self.date)
        if record.isEmpty {
            record = object
            record["ended_at"] = NSNull()
            startedAt = started
        }
        endedAt = object["ended_at"]
        let offset = started.flatMap { now in startedAt.map { now.timeIntervalSince($0) } } ?? 0
        for (name, columns) in Self.tables {
            try copy(
                folder + "/" + name, columns, round: round, offsetUs: Int64(offset * 1_000_000))
        }
        try write(status: .partial)
    }

    /// Until then the record has no end: a reader knows that files may be cut off.
    func finish(isComplete: Bool) throws(CommandError) {
        do throws(ResultsError) {
            for (name, _) in Self.tables { try files[name]?.close() }
        } catch {
            throw error.commandError
        }
        record["ended_at"] = endedAt ?? NSNull()
        try write(status: isComplete ? .complete : .partial)
    }

    private func write(status: RunRecord.Status) throws(CommandError) {
        var plan = record["plan"] as? [String: Any] ?? [:]
        plan["rounds"] = self.plan.rounds
        plan["seed"] = self.plan.seed
        record["plan"] = plan
        record["seed"] = self.plan.seed
        record["status"] = status.rawValue
        record["interleaved"] = [
            "session": session, "side": side.rawValue, "looks": looks, "rounds_done": rounds,
        ]
        do throws(ResultsError) {
            try directory.replace("run.json", with: Array((JSONText.render(record) + "\n").utf8))
        } catch {
            throw error.commandError
        }
    }

    /// Appends the rows with this round's number; times count from the start of the first round.
    private func copy(
        _ path: String, _ columns: [String], round: Int, offsetUs: Int64
    ) throws(CommandError) {
        do throws(RecordedError) {
            let table = try RecordedTable(path: path, columns: columns)
            let name = (path as NSString).lastPathComponent
            var rows = CSVEncoder()
            let file = try open(name, header: table.header, &rows)
            let indices = table.header.indices
            let isTime = table.header.map(Self.times.contains)
            let roundIndex = table.header.firstIndex(of: "round")
            while try table.advance() {
                for index in indices {
                    if index == roundIndex {
                        rows.field(round)
                        _ = try table.text()
                    } else if isTime[index] {
                        rows.field(try table.integer(from: .min) + offsetUs)
                    } else {
                        rows.field(try table.text())
                    }
                }
                rows.endRow()
                if rows.bytes.count > 1 << 16 { try append(rows.take(), to: file) }
            }
            try append(rows.take(), to: file)
        } catch {
            throw error.commandError
        }
    }

    private func open(
        _ name: String, header: [String], _ rows: inout CSVEncoder
    ) throws(RecordedError) -> ResultFile {
        if let file = files[name] { return file }
        do throws(ResultsError) {
            let file = try ResultFile(path: directory.file(name))
            files[name] = file
            header.forEach { rows.field($0) }
            rows.endRow()
            return file
        } catch {
            throw RecordedError(path: error.path, reason: error.commandError.message)
        }
    }

    private func append(_ bytes: [UInt8], to file: ResultFile) throws(RecordedError) {
        do throws(ResultsError) {
            try file.append(bytes)
        } catch {
            throw RecordedError(path: error.path, reason: error.commandError.message)
        }
    }

    private static func date(_ text: String) -> Date? {
        let format = ISO8601DateFormatter()
        format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        return format.date(from: text)
    }
}
