import NetIO
import Presign
import Scenarios
import Transfer

/// Carries out attempts: sends their requests, looks at what came of it, and clears up.
final class GuardTrial {
    private let contexts: GuardContexts
    private let client: SequentialClient
    private let bucket: BucketInspector
    private let owner: SignedRequests
    /// Keys that attempts have written to or may have.
    private var touched: [String] = []

    init(_ contexts: GuardContexts, _ client: SequentialClient) {
        self.contexts = contexts
        self.client = client
        owner = SignedRequests(contexts.direct)
        bucket = BucketInspector(client: client, requests: owner)
    }

    /// One cell, its control included.
    func row(_ strategy: Strategy, _ guardCase: GuardCase) -> GuardRow {
        if guardCase.needsControl {
            let control = attempt(strategy, guardCase, isControl: true)
            if ![.stored, .notApplicable].contains(control.outcome) {
                var row = GuardRow(strategy, guardCase, .notSupported)
                (row.httpStatus, row.errorCode) = (control.httpStatus, control.errorCode)
                row.note = "the same upload without its flaw is not taken either"
                return row
            }
        }
        return attempt(strategy, guardCase, isControl: false)
    }

    private func attempt(
        _ strategy: Strategy, _ guardCase: GuardCase, isControl: Bool
    ) -> GuardRow {
        var row = GuardRow(strategy, guardCase, .failed)
        let context = contexts.make(for: strategy)
        let made: GuardAttempt
        do throws(SigningError) {
            made = try context.attempt(
                guardCase, on: strategy.guardFamily, isControl: isControl)
        } catch {
            row.note = "\(error)"
            return row
        }
        switch made {
        case .notApplicable(let reason):
            row.outcome = .notApplicable
            row.note = reason
        case .requests(let requests): carryOut(requests, &row, family: strategy.guardFamily)
        }
        return row
    }

    // MARK: Requests

    private func carryOut(_ requests: GuardRequests, _ row: inout GuardRow, family: GuardFamily) {
        var state = requests.state
        row.fileBytes = requests.fileBytes
        row.note = requests.note
        let isTaken = send(requests.moves, &state, &row)
        var metadataName: String?
        if case .metadata(let name, _) = requests.effect { metadataName = name }
        let found = state.keys.compactMap { bucket.find($0, metadataName: metadataName) }
        if isTaken { row.outcome = requests.judge(state, among: found) }
        let isMarked = requests.effect != .removed
        row.storedKey = isMarked ? requests.attempted(state, among: found)?.key ?? "" : ""
        let uploads = family == .parts ? uploads(state) : nil
        row.uploadsLeft = uploads?.count
        clear(state, found, requests, uploads ?? [])
    }

    /// - Returns: true when nobody refused.
    private func send(
        _ moves: [GuardMove], _ state: inout GuardState, _ row: inout GuardRow
    ) -> Bool {
        for move in moves {
            guard let request = move.make(&state) else { continue }
            switch client.send(request) {
            case .failure(let failed):
                if !move.isPreparation { row.bytesSent = (row.bytesSent ?? 0) + failed.bytesSent }
                row.errorCode = failed.failure.code
                row.note = move.isPreparation ? "the scene could not be prepared" : row.note
                return false
            case .success(let answer):
                if !move.isPreparation { row.bytesSent = (row.bytesSent ?? 0) + answer.bytesSent }
                let reading = move.read(answer, &state)
                row.httpStatus = answer.status
                guard reading != .accepted else { continue }
                refuse(answer, move, reading, &row)
                return false
            }
        }
        return true
    }

    private func refuse(
        _ answer: Answer, _ move: GuardMove, _ reading: GuardMove.Reading, _ row: inout GuardRow
    ) {
        row.errorCode = ErrorCode.find(in: answer.body)
        guard !move.isPreparation else {
            row.note = "the scene could not be prepared"
            return
        }
        switch answer.status {
        case 501: row.outcome = .notSupported
        // 2xx where another answer was needed, such as a page instead of a permission.
        case 200..<300 where reading == .refused: row.note = "an answer that is not understood"
        case 500...: break
        default:
            row.outcome = .refused
            row.refusedBy =
                reading == .refusedByBrowser ? "browser" : move.role.rawValue
        }
        if reading == .refusedByBrowser {
            (row.outcome, row.refusedBy) = (.refused, "browser")
        }
    }

    // MARK: Clearing up

    private func uploads(_ state: GuardState) -> [(key: String, id: String)] {
        state.keys.flatMap { key in
            // One that is complete is unknown to S3; where nobody can list, the known one is tried.
            (bucket.uploads(of: key) ?? []).map { (key, $0) }
        }
    }

    private func clear(
        _ state: GuardState, _ found: [FoundObject], _ requests: GuardRequests,
        _ uploads: [(key: String, id: String)]
    ) {
        touched += state.keys
        for object in found where isOurs(object, requests) { bucket.delete(object.key) }
        for upload in uploads { bucket.abort(upload.id, of: upload.key) }
        if let id = state.uploadID, !uploads.contains(where: { $0.id == id }) {
            bucket.abort(id, of: state.key)
        }
    }

    /// A key with the run's name is nobody else's. One that an API named may be, should that API be
    /// wrong: then the object must at least have the size of what was sent.
    private func isOurs(_ object: FoundObject, _ requests: GuardRequests) -> Bool {
        if object.key.contains(contexts.run) { return true }
        guard let expected = requests.objectBytes else { return true }
        return ([expected] + requests.preparedBytes).contains(object.sizeBytes)
    }

    /// What is there after all: keys, and `KEY (multipart upload)`.
    func sweep() -> [String] {
        let below = bucket.keys(below: GuardContext.prefix(ofRun: contexts.run)) ?? []
        let others = Set(touched).subtracting(below).filter {
            bucket.find($0, metadataName: nil) != nil
        }
        let uploads = (bucket.uploads(of: GuardContext.prefix(ofRun: contexts.run)) ?? []).count
        let parts = uploads > 0 ? ["\(uploads) multipart uploads"] : []
        return (below + others).sorted() + parts
    }

    /// The embedded bucket lets every origin in; a bucket in use names its own.
    func allowOrigin(_ origin: String) throws(CommandError) {
        guard
            let answer = try? client.send(owner.putCORS(origin: origin, at: GuardContexts.now))
                .get(),
            answer.status == 200
        else {
            throw CommandError(
                exitCode: .failure, message: "the embedded bucket's CORS cannot be set")
        }
    }
}
