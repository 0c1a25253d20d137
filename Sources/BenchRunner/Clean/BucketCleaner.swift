import NetIO
import Presign
import Scenarios
import Transfer

/// Removes a run's objects and multipart uploads, and looks whether they are gone.
///
/// One DELETE per object, some at a time: every server has it, where DeleteObjects needs checksums
/// that some do not know, and at AWS both are free.
final class BucketCleaner {
    private let client: SequentialClient
    private let requests: SignedRequests
    private let listing: BucketListing
    private let isDryRun: Bool
    private(set) var report = CleanReport()
    private var hasVersions = false

    private static let atATime = 32
    private static let passes = 3

    init(_ client: SequentialClient, _ requests: SignedRequests, isDryRun: Bool) {
        self.client = client
        self.requests = requests
        self.isDryRun = isDryRun
        listing = BucketListing(client: client, requests: requests)
    }

    // MARK: Everything below a prefix

    /// Again and again, until a look finds nothing of the run's: a request that was under way when the
    /// run was killed may still have been carried out.
    ///
    /// - Parameter isOwn: which of what is there is the run's.
    func clear(prefix: String, isOwn: (BucketListing.Entry) -> Bool = { _ in true }) {
        for _ in 0..<(isDryRun ? 1 : Self.passes) {
            let before = report.removed
            var found = 0
            for kind in [BucketListing.Kind.uploads, .objects, .versions] {
                visit(kind, prefix) { entries in
                    // Where a bucket has no versions, its objects are listed as the version "null".
                    let own = entries.filter { isOwn($0) && !(isDryRun && $0.id == "null") }
                    found += own.count
                    if kind == .uploads { self.abort(own) } else { self.delete(own) }
                }
            }
            if found == 0 { return }
            guard report.removed > before else { break }
        }
        guard !isDryRun else { return }
        each(.uploads, prefix) { entry in
            guard isOwn(entry) else { return }
            self.report.addLeft("\(entry.key) (multipart upload \(entry.id ?? ""))")
        }
        var left: Set<String> = []
        each(.objects, prefix) { entry in
            guard isOwn(entry) else { return }
            left.insert(entry.key)
            self.report.addLeft(entry.key)
        }
        each(.versions, prefix) { entry in
            guard let version = entry.id, isOwn(entry) else { return }
            // Without versions the object itself is listed here again.
            guard version != "null" || !left.contains(entry.key) else { return }
            self.report.addLeft("\(entry.key) (version \(version))")
        }
    }

    func each(
        _ kind: BucketListing.Kind, _ prefix: String, _ use: (BucketListing.Entry) -> Void
    ) {
        visit(kind, prefix) { $0.forEach(use) }
    }

    /// Calls `use` with each page; what cannot be listed becomes a problem of the report.
    func visit(
        _ kind: BucketListing.Kind, _ prefix: String, _ use: ([BucketListing.Entry]) -> Void
    ) {
        do throws(BucketListing.Failure) {
            try listing.each(kind, below: prefix) { entries in
                use(entries)
                return !Interruption.isRequested
            }
        } catch {
            // A server without multipart uploads or versions has none of the run's either, and without
            // the right to list versions the bucket's answers to DELETE tell whether there are any.
            guard kind == .objects || !error.isUnsupported else { return }
            guard kind != .versions || hasVersions || error.status == nil else { return }
            report.add(
                problem: "\(kind.rawValue) below \(prefix) cannot be listed: \(error.reason)")
        }
    }

    // MARK: Single ones

    func delete(_ entries: [BucketListing.Entry]) {
        let count = { (entry: BucketListing.Entry) in
            if entry.id == nil || entry.id == "null" {
                self.report.deleted += 1
            } else {
                self.report.versions += 1
            }
        }
        guard !isDryRun else { return entries.forEach(count) }
        let now = GuardContexts.now
        let made = entries.map { entry in
            entry.id.map { requests.delete(entry.key, version: $0, at: now) }
                ?? requests.delete(entry.key, at: now)
        }
        client.sendAll(made, atATime: Self.atATime) { index, result in
            let isGone = self.isGone(result, entries[index].key)
            if isGone { count(entries[index]) }
            if case .success(let answer) = result,
                answer.headers.first("x-amz-delete-marker") == "true"
            {
                hasVersions = true
            }
        }
    }

    private func abort(_ entries: [BucketListing.Entry]) {
        guard !isDryRun else {
            report.aborted += entries.count
            return
        }
        let now = GuardContexts.now
        let made = entries.map { requests.abort($0.id ?? "", of: $0.key, at: now) }
        client.sendAll(made, atATime: Self.atATime) { index, result in
            if self.isGone(result, entries[index].key) { report.aborted += 1 }
        }
    }

    func beginLook() { report.beginLook() }
    func addUnlisted(_ name: String) { report.addUnlisted(name) }
    func add(problem: String) { report.add(problem: problem) }

    /// Gone already is as good (404).
    private func isGone(_ result: Result<Answer, FailedTransfer>, _ key: String) -> Bool {
        switch result {
        case .success(let answer) where (200...299).contains(answer.status) || answer.status == 404:
            return true
        case .success(let answer):
            let code = ErrorCode.find(in: answer.body)
            report.add(problem: "DELETE is answered \(answer.status) \(code)")
        case .failure(let failed):
            report.add(problem: "DELETE failed: \(failed.failure.message)")
        }
        return false
    }
}
