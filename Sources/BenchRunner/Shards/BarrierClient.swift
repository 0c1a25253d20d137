import Foundation
import NetIO
import Presign
import Scenarios
import Transfer

/// The bucket as shards use it to meet: puts, lists and deletes small objects, and keeps an eye on the
/// server's clock.
final class BarrierClient {
    private let client: SequentialClient
    private let requests: SignedRequests
    private let storeURL: String
    private(set) var offset = ClockOffset()

    init(_ plan: RunPlan, _ target: RunTarget) throws(CommandError) {
        guard !target.isEmbedded else {
            throw .usage(
                "--barrier needs --target URL: without one each shard has an endpoint of its own")
        }
        guard target.accessKey != nil, target.secretKey != nil else {
            throw .usage(
                "--barrier puts objects into the bucket: set AWS_ACCESS_KEY_ID and"
                    + " AWS_SECRET_ACCESS_KEY, or start the shards with --start-at TIME")
        }
        let endpoint = try ScenarioFactory.local(
            target, target.storeURL, target.storeStyle, "--target")
        client = try SequentialClient(plan.client.engineSettings(target))
        requests = SignedRequests(
            GuardContext.Store(presigner: endpoint.presigner, origin: endpoint.origin))
        storeURL = RunRecord.withoutSecrets(target.storeURL)
    }

    func put(_ key: String) throws(CommandError) {
        _ = try send(requests.put(key, .bytes([]), at: now), "put", key)
    }

    /// Gone already is as good.
    func delete(_ key: String) { _ = client.send(requests.delete(key, at: now), isCleaning: true) }

    struct Listed {
        let key: String
        /// In seconds of Unix time.
        let modified: Double
    }

    /// - Parameter deadline: a server that has always one page more is left then.
    func list(_ prefix: String, until deadline: Date) throws(CommandError) -> [Listed] {
        var (all, page): ([Listed], String?) = ([], nil)
        repeat {
            guard Date() < deadline else { throw endless(prefix) }
            let request = requests.listObjects(prefix: prefix, continuation: page, at: now)
            let answer = try send(request, "list", prefix, until: deadline)
            let text = String(decoding: answer.body, as: UTF8.self)
            for entry in text.components(between: "<Contents>", and: "</Contents>") {
                let key = entry.components(between: "<Key>", and: "</Key>").first
                let time = entry.components(between: "<LastModified>", and: "</LastModified>").first
                guard let key, let modified = time.flatMap(Self.seconds) else { continue }
                all.append(Listed(key: key, modified: modified))
            }
            page =
                text.components(
                    between: "<NextContinuationToken>", and: "</NextContinuationToken>"
                ).first
        } while page != nil
        return all
    }

    private var now: SigningTime {
        SigningTime(unixSeconds: Int64(Date().timeIntervalSince1970))
    }

    private func send(
        _ request: Request, _ verb: String, _ key: String, until deadline: Date = .distantFuture
    ) throws(CommandError) -> Answer {
        let sent = Date().timeIntervalSince1970
        let answer: Answer
        switch client.send(request, until: deadline) {
        case .success(let complete): answer = complete
        case .failure(let failed):
            guard Date() < deadline else { throw endless(key) }
            throw failure("cannot \(verb) \(key) at \(storeURL): \(failed.failure.message)")
        }
        let received = Date().timeIntervalSince1970
        if let date = answer.headers.first("Date").flatMap(ClockOffset.seconds(ofDate:)) {
            offset.add(sent: sent, received: received, date: date)
        }
        guard (200...299).contains(answer.status) else {
            let code = ErrorCode.find(in: answer.body)
            throw failure("cannot \(verb) \(key) at \(storeURL): \(answer.status) \(code)")
        }
        return answer
    }

    private func endless(_ prefix: String) -> CommandError {
        failure("the listing of \(prefix) at \(storeURL) does not end in time")
    }

    private func failure(_ reason: String) -> CommandError {
        CommandError(exitCode: .failure, message: "the barrier failed: \(reason)")
    }

    /// Seconds of Unix time of an ISO 8601 time.
    static func seconds(_ text: String) -> Double? {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions =
            text.contains(".")
            ? [.withInternetDateTime, .withFractionalSeconds] : .withInternetDateTime
        return formatter.date(from: text)?.timeIntervalSince1970
    }
}
