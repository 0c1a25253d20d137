import Foundation
import Presign
import Scenarios
import Transfer

/// Takes away what one run wrote, by its own record.
struct CleanUp {
    let written: WrittenRecord?
    let target: RunTarget
    let directoryPath: String
    let startedUnix: Double
    let settings: TransferConfiguration
    /// The run was killed, and only just: requests that it sent may still be carried out.
    var mayStillBeWriting = false
    var isDryRun = false
    var takesUnlisted = false
    /// Does the run itself clean up at its end?
    var isAsked = false
    var isQuiet = false

    /// Clocks of a server and of this machine differ by less, or signatures would not be taken.
    private static let clockSlackSeconds = 900.0
    /// Servers get on with what they have in their buffers. An API's own time limit is 29 s.
    private static let settlingSeconds = 60.0
    private static let quietSeconds = 3.0
    private static let lookInterval = 0.5

    var place: CleanPlace {
        CleanPlace(
            storeURL: RunRecord.withoutSecrets(target.storeURL), bucket: target.bucket,
            prefix: written?.prefix)
    }

    func run() throws(CommandError) -> CleanReport {
        guard let written else { return CleanReport() }
        let endpoint = try ScenarioFactory.local(
            target, target.storeURL, target.storeStyle, "--target")
        let requests = SignedRequests(
            GuardContext.Store(presigner: endpoint.presigner, origin: endpoint.origin))
        let cleaner = BucketCleaner(
            try SequentialClient(settings), requests, isDryRun: isDryRun)
        try look(written, cleaner)
        guard mayStillBeWriting, !isDryRun else { return cleaner.report }
        var (quiet, waited) = (0.0, 0.0)
        while quiet < Self.quietSeconds, waited < Self.settlingSeconds,
            !Interruption.isRequested
        {
            Thread.sleep(forTimeInterval: Self.lookInterval)
            let before = cleaner.report.removed
            try look(written, cleaner)
            waited += Self.lookInterval
            quiet = cleaner.report.removed > before ? 0 : quiet + Self.lookInterval
        }
        return cleaner.report
    }

    private func look(_ written: WrittenRecord, _ cleaner: BucketCleaner) throws(CommandError) {
        cleaner.beginLook()
        if let prefix = written.prefix { cleaner.clear(prefix: prefix) }
        if let prefix = written.barrierPrefix, let shard = written.barrierShard {
            cleaner.clear(prefix: prefix) { $0.key.hasSuffix("/\(shard)") }
        }
        if let file = written.keysFile {
            try clear(keys(in: file), written.apiPrefix, cleaner)
        }
    }

    // MARK: Keys that an API named

    private func clear(_ keys: Set<[UInt8]>, _ folder: String?, _ cleaner: BucketCleaner) {
        guard let folder else {
            cleaner.delete(
                keys.map { BucketListing.Entry(key: String(decoding: $0, as: UTF8.self)) })
            return
        }
        let isListed = { (entry: BucketListing.Entry) in keys.contains(Array(entry.key.utf8)) }
        let isUnlisted = { (entry: BucketListing.Entry) in !isListed(entry) && isRecent(entry) }
        cleaner.clear(prefix: folder) { isListed($0) || takesUnlisted && isUnlisted($0) }
        guard !takesUnlisted else { return }
        cleaner.each(.uploads, folder) { entry in
            guard isUnlisted(entry) else { return }
            cleaner.addUnlisted("\(entry.key) (multipart upload \(entry.id ?? ""))")
        }
        cleaner.each(.objects, folder) { entry in
            if isUnlisted(entry) { cleaner.addUnlisted(entry.key) }
        }
    }

    private func isRecent(_ entry: BucketListing.Entry) -> Bool {
        (entry.modified ?? .infinity) >= startedUnix - Self.clockSlackSeconds
    }

    /// As bytes: canonically equal texts are different keys, and one of them somebody else's.
    private func keys(in file: String) throws(CommandError) -> Set<[UInt8]> {
        do throws(RecordedError) {
            let table = try RecordedTable(
                path: directoryPath + "/" + file, columns: [KeyJournal.column])
            var keys: Set<[UInt8]> = []
            while try table.advance() { keys.insert(Array(try table.name().utf8)) }
            return keys
        } catch {
            throw error.commandError
        }
    }
}

extension CleanUp {
    /// - Parameter path: the results directory of a run that has not said that it ended.
    static func wasWrittenLately(_ path: String) -> Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.contains { name in
            let facts = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
            let written = facts?[.modificationDate] as? Date ?? .distantPast
            return -written.timeIntervalSinceNow < settlingSeconds
        }
    }
}

extension CleanUp {
    /// Of a run that is about to begin, or to go on.
    init(
        _ plan: RunPlan, _ target: RunTarget, _ directory: ResultsDirectory,
        startedAt: Date = Date()
    ) {
        self.init(
            written: WrittenRecord(plan, target), target: target, directoryPath: directory.path,
            startedUnix: startedAt.timeIntervalSince1970,
            settings: plan.client.engineSettings(target))
        isAsked = plan.safety.cleansUp
        isQuiet = plan.isQuiet
    }

    /// Runs the load and then, whatever became of it, cleans up or says how to.
    func after(_ load: () throws(CommandError) -> ExitCode) throws(CommandError) -> ExitCode {
        let code: ExitCode
        do throws(CommandError) {
            code = try load()
        } catch {
            if try !finish() { Terminal.writeError("uploadbench: objects of the run are left") }
            throw error
        }
        return try finish() || code != .success ? code : .failure
    }

    /// - Returns: false when something is left that was to go.
    private func finish() throws(CommandError) -> Bool {
        guard written != nil else { return true }
        guard isAsked else {
            guard !isQuiet else { return true }
            Terminal.writeError(
                "what was uploaded stays in the bucket; to delete it: uploadbench clean \(directoryPath)"
            )
            return true
        }
        let report = try run()
        if isQuiet, report.isClean { return true }
        report.lines(place, run: directoryPath).forEach { Terminal.writeError($0) }
        return report.isClean
    }
}
