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
    var isDryRun = false
    var takesUnlisted = false
    /// Does the run itself clean up at its end?
    var isAsked = false
    var isQuiet = false

    /// Clocks of a server and of this machine differ by less, or signatures would not be taken.
    private static let clockSlackSeconds = 900.0
    private static let batch = 1000

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
        if let prefix = written.prefix { cleaner.clear(prefix: prefix) }
        if let prefix = written.barrierPrefix, let shard = written.barrierShard {
            cleaner.clear(prefix: prefix) { $0.hasSuffix("/\(shard)") }
        }
        if let file = written.keysFile { try clear(listedIn: file, written.apiPrefix, cleaner) }
        return cleaner.report
    }

    // MARK: Keys that an API named

    private func clear(
        listedIn file: String, _ folder: String?, _ cleaner: BucketCleaner
    ) throws(CommandError) {
        let path = directoryPath + "/" + file
        // Multipart uploads first: one that is completed now would be an object again.
        let open = openUploads(below: folder, cleaner)
        var own: [BucketListing.Entry] = []
        var others = open
        try eachBatch(of: path) { keys in
            let known = Set(keys)
            own += open.filter { known.contains($0.key) }
            others.removeAll { known.contains($0.key) }
            cleaner.delete(keys.map { BucketListing.Entry(key: $0) })
        }
        cleaner.abort(own)
        guard let folder else { return }
        if takesUnlisted {
            cleaner.abort(others)
        } else {
            for upload in others {
                cleaner.addUnlisted("\(upload.key) (multipart upload \(upload.id ?? ""))")
            }
        }
        guard !isDryRun else { return }
        cleaner.visit(.objects, folder) { entries in
            let recent = entries.filter { isRecent($0) }
            if takesUnlisted {
                cleaner.delete(recent)
            } else {
                recent.forEach { cleaner.addUnlisted($0.key) }
            }
        }
    }

    private func openUploads(
        below folder: String?, _ cleaner: BucketCleaner
    ) -> [BucketListing.Entry] {
        var found: [BucketListing.Entry] = []
        guard let folder else { return found }
        cleaner.visit(.uploads, folder) { found += $0.filter(isRecent) }
        return found
    }

    private func isRecent(_ entry: BucketListing.Entry) -> Bool {
        (entry.modified ?? .infinity) >= startedUnix - Self.clockSlackSeconds
    }

    private func eachBatch(
        of path: String, _ use: ([String]) -> Void
    ) throws(CommandError) {
        do throws(RecordedError) {
            let table = try RecordedTable(path: path, columns: [KeyJournal.column])
            var keys: [String] = []
            while try table.advance() {
                keys.append(try table.name())
                guard keys.count == Self.batch else { continue }
                use(keys)
                keys.removeAll(keepingCapacity: true)
            }
            use(keys)
        } catch {
            throw error.commandError
        }
    }
}

extension CleanUp {
    /// Of a run that is about to begin.
    init(_ plan: RunPlan, _ target: RunTarget, _ directory: ResultsDirectory) {
        self.init(
            written: WrittenRecord(plan, target), target: target, directoryPath: directory.path,
            startedUnix: Date().timeIntervalSince1970,
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
