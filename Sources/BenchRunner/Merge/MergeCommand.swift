import Foundation
import Measure

extension Command {
    static let merge = Command(
        name: "merge",
        summary: "merges the results of shards into one results directory",
        usage: ["merge RUN… -o DIR [FLAGS]", "merge FOLDER-OF-RUNS -o DIR [FLAGS]"],
        details: """
            RUN is the results directory of one shard ('run --shard I/N'), or a folder that holds them.
            Counts and histogram buckets are added, so that percentiles are those of all uploads together;
            rates are added; nothing is averaged that must not be. All N shards have to be there once, complete
            and with the same plan. Of a shard that was run again the newest complete attempt counts. timeline.csv
            of the merged run has no percentiles, and there is no samples.csv: those stay with the shards.

            Exit code 1 names what is missing or does not belong, 5 a folder that is not there; --allow-partial
            merges what is there and says so in run.json.

            examples:
              uploadbench merge results/load-1/ -o results/load-1-merged
              uploadbench merge shard-0 shard-1 shard-2 shard-3 -o merged --slo 'p99 < 400ms'
            """,
        flags: [
            Flag(
                name: "out", short: "o", valueName: "DIR",
                help: "results directory (default results/<time>-merge)"),
            Flag(
                name: "shards", valueName: "N",
                help: "how many there must be (default: as many as they say)"),
            Flag(
                name: "wait", valueName: "TIME",
                help: "wait so long for all shards to be complete (default 0s)"),
            Flag(name: "allow-partial", help: "merge what is there, marked as partial"),
            Flag(
                name: "slo", valueName: "OBJECTIVE",
                help: "what the merged run must hold, as 'p99 < 400ms'; exit code 3 if it does not",
                isRepeatable: true),
            Flag(name: "format", valueName: "HOW", help: "table (default), json or markdown"),
            Flag(name: "quiet", short: "q", help: "no progress, only the result"),
            Flag(name: "no-color", help: "no colour, as with NO_COLOR"),
        ],
        operands: 1...100_000,
        run: { arguments throws(CommandError) in try MergeCommand(arguments).run() })
}

struct MergeCommand {
    private let operands: [String]
    private let outputPath: String?
    private let expected: Int?
    private let patience: Duration
    private let allowsPartial: Bool
    private let objectives: [Objective]
    private let format: TableFormat
    private let isQuiet: Bool
    private let allowsColor: Bool

    /// Shards whose windows have less than this in common did not make one load.
    private static let leastOverlap = 0.9
    private static let lookInterval = 0.5

    init(_ arguments: Arguments) throws(CommandError) {
        let settings = try Settings(arguments, for: .merge)
        operands = arguments.operands
        outputPath = try settings.path("out")
        expected = try settings.value("shards").map { value throws(CommandError) in
            try Quantities.count(value.text, value.source, in: 1...Shard.maximumCount)
        }
        patience = try settings.parsed("wait", default: .zero) {
            text, source throws(CommandError) in
            try Quantities.duration(text, source)
        }
        allowsPartial = try settings.isOn("allow-partial")
        objectives = try Objective.all(settings)
        format = try settings.choice("format", default: TableFormat.table)
        isQuiet = try settings.isOn("quiet")
        allowsColor = Terminal.allowsColor(noColorFlag: try settings.isOn("no-color"))
    }

    func run() throws(CommandError) -> ExitCode {
        Interruption.watch()
        let selection = try selection()
        guard selection.missing.isEmpty || allowsPartial else {
            throw CommandError(
                exitCode: .failure,
                message: selection.missingText + " (--allow-partial merges the others)")
        }
        guard !selection.shards.isEmpty else {
            throw CommandError(exitCode: .nothingToCompare, message: "no shard is complete")
        }
        let merge: ShardMerge
        do throws(RecordedError) {
            merge = try ShardMerge(selection.shards, progress: progress(selection.shards.count))
        } catch {
            throw error.commandError
        }
        var record = MergedRecord(
            selection: selection, warnings: warnings(merge, selection),
            overlaps: merge.summary.order.compactMap { key in
                merge.summary.cells[key].map { (Self.name(key), $0.windows) }
            })
        let directory = try write(merge, record)
        return try judge(directory, &record)
    }

    // MARK: Which shards

    /// The shards that are there, once all are or the patience is over.
    private func selection() throws(CommandError) -> ShardSelection {
        let deadline = Date(timeIntervalSinceNow: patience.inSeconds)
        while true {
            let now = try? look()
            if let now, now.missing.isEmpty { return now }
            guard Date() < deadline, !Interruption.isRequested else { return try look() }
            Thread.sleep(forTimeInterval: Self.lookInterval)
        }
    }

    private func look() throws(CommandError) -> ShardSelection {
        var shards: [ShardResults] = []
        do throws(RecordedError) {
            for path in try directories() { shards.append(try ShardResults(path)) }
        } catch {
            throw error.commandError
        }
        return try ShardSelection(shards, expected: expected)
    }

    private func directories() throws(RecordedError) -> [String] {
        do throws(CommandError) {
            return try ShardResults.directories(operands)
        } catch {
            throw .absent(operands.joined(separator: " "), error.message)
        }
    }

    // MARK: What is written

    private func progress(_ count: Int) -> @Sendable (Int) -> Void {
        guard !isQuiet, count >= 100, Terminal.isInteractive else { return { _ in } }
        return { done in
            if done % 10 == 0 { Terminal.rewriteLine("merged \(done) of \(count) shards") }
            if done == count { Terminal.rewriteLine("") }
        }
    }

    private func write(
        _ merge: ShardMerge, _ record: MergedRecord
    ) throws(CommandError) -> ResultsDirectory {
        do throws(ResultsError) {
            let directory = try ResultsDirectory(
                requested: outputPath, name: "merge", startedAt: Date())
            try directory.replace("histograms.csv", with: merge.histogramRows)
            try directory.replace("timeline.csv", with: merge.timeline.encoded(merge.summary.order))
            try directory.replace(
                "summary.csv", with: merge.summary.encoded { merge.distribution($0, $1) })
            try directory.replace("run.json", with: record.json)
            return directory
        } catch {
            throw error.commandError
        }
    }

    private static func name(_ key: SummaryMerge.Key) -> String {
        let size = key.sizeBytes.map { " " + Readable.bytes($0) } ?? ""
        return "\(key.scenario)\(size), round \(key.round)"
    }

    /// What makes the sums mean less than one load's.
    private func warnings(_ merge: ShardMerge, _ selection: ShardSelection) -> [String] {
        var warnings = selection.notes
        if !selection.missing.isEmpty { warnings.insert(selection.missingText, at: 0) }
        let apart = merge.summary.order.compactMap { key -> String? in
            guard let windows = merge.summary.cells[key]?.windows, let share = windows.share,
                share < Self.leastOverlap
            else { return nil }
            return
                "\(Self.name(key)): the shards measured together for \(Int(share * 100))% of the time"
                + " only (shard \(windows.lastToStart) began last, \(Readable.number(windows.startSpreadSeconds))"
                + " s after the first): the load was less than all of them, and added rates are too high"
        }
        warnings += apart.prefix(5)
        if apart.count > 5 { warnings.append("and \(apart.count - 5) more cells like these") }
        let uneven = merge.summary.cells.values.count { $0.shards < selection.shards.count }
        if uneven > 0 { warnings.append("\(uneven) cells are not in every shard") }
        return warnings
    }

    // MARK: What is shown

    /// Holds the objectives against the merged run, and shows both.
    private func judge(
        _ directory: ResultsDirectory, _ record: inout MergedRecord
    ) throws(CommandError) -> ExitCode {
        let comparison: Comparison
        do throws(RecordedError) {
            let run = try RecordedRun(directory.path)
            comparison = run.comparison(try RecordedDetail(run))
            record.objectives = try ObjectiveVerdict.all(objectives, run)
        } catch {
            throw error.commandError
        }
        do throws(ResultsError) {
            if !objectives.isEmpty { try directory.replace("run.json", with: record.json) }
        } catch {
            throw error.commandError
        }
        show(comparison, record, directory)
        return record.objectives.allSatisfy(\.isMet) ? .success : .objectiveMissed
    }

    private func show(
        _ comparison: Comparison, _ record: MergedRecord, _ directory: ResultsDirectory
    ) {
        let table = ComparisonTable(
            comparison: comparison, usesColor: allowsColor, width: Terminal.tableWidth)
        Terminal.write(table.text(format))
        guard format == .table else { return }
        record.objectives.forEach { Terminal.writeSentence($0.text) }
        record.warnings.forEach { Terminal.writeSentence("warning: \($0)") }
        if !isQuiet { Terminal.write("results: \(directory.path)") }
    }
}
