import Foundation
import Presign
import Transfer

extension Command {
    static let clean = Command(
        name: "clean",
        summary: "deletes what a run has left in its bucket, by the run's own record",
        usage: ["clean [FLAGS] RUN…"],
        details: """
            RUN is a results directory; of a merged one, those of its shards are cleaned. Deleted is only what is the run's own: all below the prefix that its
            keys have in common, or, where an API named the keys, those in keys.csv; multipart uploads that
            were not completed are aborted. It works whatever ended the run, and can be repeated.

            Requests that make an object before the API tells its key carry an Idempotency-Key, and the key that
            follows from it is in keys.csv. An API that does not take it may have stored an object whose key
            nobody was told: such objects of the same API user are listed, and deleted with --unlisted.

            Credentials are found as for 'run'. Exit code: 0 nothing is left, 1 something is (it is said
            what, and how to remove it).

            examples:
              uploadbench clean --dry-run results/2026-04-10T22-48-18Z-run
              uploadbench clean results/*-run
            """,
        flags: CleanFlags.all,
        operands: 1...10_000,
        run: { arguments throws(CommandError) in try CleanCommand.run(arguments) })
}

enum CleanFlags {
    static let all =
        [
            Flag(name: "dry-run", help: "only count what would be deleted"),
            Flag(
                name: "unlisted",
                help: "also objects of the same API user that are newer than the run's start"),
            Flag(
                name: "target", valueName: "URL",
                help: "where the store is now, if that has changed"),
        ]
        + RunFlags.named("profile", "cacert", "insecure", "quiet") + [
            Flag(name: "format", valueName: "HOW", help: "table (default) or json")
        ]
}

enum CleanCommand {
    private enum Format: String, CaseIterable { case table, json }

    static func run(_ arguments: Arguments) throws(CommandError) -> ExitCode {
        let settings = try Settings(arguments, for: .clean)
        let format = try settings.choice("format", default: Format.table)
        let isQuiet = try settings.isOn("quiet")
        Interruption.watch()
        var (objects, isClean): ([[String: Any]], Bool) = ([], true)
        for run in try CleanOperands.runs(arguments.operands) where !Interruption.isRequested {
            let cleanUp = try CleanUp(recorded: run, settings)
            let report = try cleanUp.run()
            // Looking only, there is what is to be deleted; but it has to be seen.
            if cleanUp.isDryRun ? !report.problems.isEmpty : !report.isClean { isClean = false }
            objects.append(["run": run].merging(report.object) { $1 })
            guard format == .table, !isQuiet || !report.isClean else { continue }
            Terminal.write("\(run):")
            lines(cleanUp, report, run).forEach { Terminal.write("  " + $0) }
        }
        if format == .json { Terminal.write(JSONText.render(["runs": objects])) }
        guard !Interruption.isRequested else { return .interrupted }
        return isClean ? .success : .failure
    }

    private static func lines(_ cleanUp: CleanUp, _ report: CleanReport, _ run: String) -> [String]
    {
        guard cleanUp.written != nil else {
            return ["nothing to delete: its target was embedded and ended with the run"]
        }
        guard cleanUp.isDryRun else { return report.lines(cleanUp.place, run: run) }
        return [
            "would delete \(report.removedObjects) and abort"
                + " \(CleanReport.count(report.aborted, "multipart upload"))"
        ] + report.problems.map { "problem: \($0)" }
    }
}

extension CleanUp {
    /// What `run.json` says of a finished, interrupted or killed run.
    ///
    /// - Throws: for a directory that is none, and for a record that points at keys no run makes.
    init(recorded path: String, _ settings: Settings) throws(CommandError) {
        let record: RecordedRecord
        do throws(RecordedError) {
            record = try RecordedRecord(path: path + "/run.json")
        } catch {
            throw CommandError(exitCode: .failure, message: error.description)
        }
        written = try WrittenRecord(record)
        startedUnix = BarrierClient.seconds(record.startedAt) ?? 0
        directoryPath = path
        let authorities = settings.text("cacert")
        target = try RunTarget(
            recorded: record, storeURL: settings.text("target"), profile: settings.text("profile"),
            authoritiesPath: authorities)
        var transfer = TransferConfiguration()
        transfer.authoritiesPath = authorities
        transfer.verifiesServer = try !settings.isOn("insecure")
        self.settings = transfer
        isDryRun = try settings.isOn("dry-run")
        mayStillBeWriting = record.endedAt == nil && Self.wasWrittenLately(path)
        takesUnlisted = try settings.isOn("unlisted")
    }
}

extension WrittenRecord {
    /// Of a recorded run; nil where nothing can be left.
    ///
    /// - Throws: when it names a prefix that no run of this program has: it would delete what belongs to
    ///   others.
    init?(_ record: RecordedRecord) throws(CommandError) {
        guard let json = record.json["written"], json.object != nil else {
            guard record.json["target"]?["kind"]?.string != "external" else {
                throw CommandError(
                    exitCode: .failure,
                    message:
                        "\(record.path) does not say what was written: it is of an older version,"
                        + " whose keys begin with \(RunName.root) and have no run's name")
            }
            return nil
        }
        self.init(json)
        for name in ["prefix", "api_prefix", "keys_file", "barrier_prefix"] {
            guard let value = json[name], value.string == nil else { continue }
            throw Self.foreign(record, name)
        }
        guard prefix != nil || keysFile != nil else { throw Self.foreign(record, "written") }
        let roots = [RunName.root, "uploadbench-guard/"]
        let isRunName = { (text: Substring) in RunName(String(text.dropLast())) != nil }
        if let prefix {
            guard let root = roots.first(where: prefix.hasPrefix), prefix.hasSuffix("/"),
                isRunName(prefix.dropFirst(root.count))
            else { throw Self.foreign(record, prefix) }
        }
        if let barrierPrefix {
            guard barrierPrefix.hasPrefix(BarrierKeys.root + "/"), barrierPrefix.hasSuffix("/"),
                barrierPrefix.count > BarrierKeys.root.count + 2
            else { throw Self.foreign(record, barrierPrefix) }
        }
        if let keysFile, keysFile != KeyJournal.fileName { throw Self.foreign(record, keysFile) }
        if let apiPrefix, apiPrefix.count < 2 || !apiPrefix.hasSuffix("/") {
            throw Self.foreign(record, apiPrefix)
        }
    }

    private static func foreign(_ record: RecordedRecord, _ name: String) -> CommandError {
        CommandError(
            exitCode: .failure,
            message:
                "\(record.path) was edited: '\(name)' is nothing that a run writes; nothing was deleted"
        )
    }
}
