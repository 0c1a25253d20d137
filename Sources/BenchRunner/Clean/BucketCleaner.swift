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

    /// - Parameter isOwn: which of the keys there are the run's.
    func clear(prefix: String, isOwn: (String) -> Bool = { _ in true }) {
        for _ in 0..<(isDryRun ? 1 : Self.passes) {
            let before = report.deleted + report.aborted
            visit(.uploads, prefix) { self.abort($0.filter { isOwn($0.key) }) }
            visit(.objects, prefix) { self.delete($0.filter { isOwn($0.key) }) }
            if hasVersions { visit(.versions, prefix) { self.delete($0.filter { isOwn($0.key) }) } }
            guard report.deleted + report.aborted > before else { break }
        }
        guard !isDryRun else { return }
        visit(.uploads, prefix) { entries in
            for entry in entries where isOwn(entry.key) {
                self.report.addLeft("\(entry.key) (multipart upload \(entry.id ?? ""))")
            }
        }
        visit(.objects, prefix) { entries in
            for entry in entries where isOwn(entry.key) { self.report.addLeft(entry.key) }
        }
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
            // A server without multipart uploads or versions has none of the run's either.
            guard kind == .objects || !error.isUnsupported else { return }
            report.add(
                problem: "\(kind.rawValue) below \(prefix) cannot be listed: \(error.reason)")
        }
    }

    // MARK: Single ones

    func delete(_ entries: [BucketListing.Entry]) {
        guard !isDryRun else {
            report.deleted += entries.count
            return
        }
        let now = GuardContexts.now
        let made = entries.map { entry in
            entry.id.map { requests.delete(entry.key, version: $0, at: now) }
                ?? requests.delete(entry.key, at: now)
        }
        client.sendAll(made, atATime: Self.atATime) { index, result in
            let isGone = self.isGone(result, entries[index].key)
            if isGone { report.deleted += 1 }
            if case .success(let answer) = result,
                answer.headers.first("x-amz-delete-marker") == "true"
            {
                hasVersions = true
            }
        }
    }

    func abort(_ entries: [BucketListing.Entry]) {
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
