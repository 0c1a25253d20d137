import NetIO
import Presign

/// `POST /reviews`: an upload counts once the API has seen that the object is there, is its
/// user's, and is what it says it is.
final class Reviews {
    /// S3 User Guide, "Naming Amazon S3 objects".
    private static let keyLimitBytes = 1024

    private let configuration: GatewayConfiguration
    private let store: StoreClient
    private let random = RandomSource()

    init(_ configuration: GatewayConfiguration, _ store: StoreClient) {
        self.configuration = configuration
        self.store = store
    }

    func review(_ body: [UInt8], user: String, _ reply: @escaping Reply) {
        // The key is compared as bytes: `hasPrefix` holds canonically equal texts for the same.
        guard let object = try? JSONParser.parse(document: body),
            let bucket = object["bucket"]?.string,
            let key = object["key"]?.string, (1...Self.keyLimitBytes).contains(key.utf8.count)
        else { return reply(GatewayAnswer.error(400, "Invalid request body")) }
        guard bucket == configuration.bucket, key.utf8.starts(with: "users/\(user)/".utf8) else {
            return reply(GatewayAnswer.error(403, "Forbidden"))
        }
        review(key: key, isOwnUpload: false, reply)
    }

    /// - Parameters:
    ///   - isOwnUpload: the answer also names the key, which the client does not know.
    ///   - isRepeatable: another review of the object is answered with the same number.
    func review(
        key: String, isOwnUpload: Bool, isRepeatable: Bool = false, _ reply: @escaping Reply
    ) {
        let range = (name: "Range", value: "bytes=0-\(ContentSniffer.prefixBytes - 1)")
        store.send("GET", key: Array(key.utf8), [range]) { [self] result in
            guard case .success(let answer) = result else {
                return reply(GatewayAnswer.error(502, "Internal server error"))
            }
            let subject = Subject(
                key: key, isOwnUpload: isOwnUpload, isRepeatable: isRepeatable)
            judge(subject, answer, reply)
        }
    }

    private struct Subject {
        let key: String
        let isOwnUpload: Bool
        let isRepeatable: Bool
    }

    private func judge(_ subject: Subject, _ answer: UpstreamAnswer, _ reply: @escaping Reply) {
        switch answer.status {
        case 404: return reply(GatewayAnswer.error(404, "The object does not exist"))
        // An empty object has no first byte (RFC 9110 §14.1.2); its type is not told by the error.
        case 416: return reviewEmpty(subject, reply)
        case 200, 206: break
        default: return reply(GatewayAnswer.error(502, "Internal server error"))
        }
        let total = answer.headers.first("Content-Range")?.split(separator: "/").last
        let size = total.flatMap { Int64($0) } ?? Int64(answer.body.count)
        finish(subject, answer, size, reply)
    }

    private func reviewEmpty(_ subject: Subject, _ reply: @escaping Reply) {
        store.send("GET", key: Array(subject.key.utf8)) { [self] result in
            guard case .success(let answer) = result, answer.status == 200 else {
                return reply(GatewayAnswer.error(502, "Internal server error"))
            }
            finish(subject, answer, 0, reply)
        }
    }

    private func finish(
        _ subject: Subject, _ answer: UpstreamAnswer, _ size: Int64, _ reply: @escaping Reply
    ) {
        let type = answer.headers.first("Content-Type") ?? "application/octet-stream"
        guard ContentSniffer.isPlausible(type, answer.body) else {
            // A file that lies must not stay; the answer waits until it is gone.
            return store.send("DELETE", key: Array(subject.key.utf8)) { _ in
                reply(
                    GatewayAnswer.error(415, "The file is not what its content type says: \(type)"))
            }
        }
        let id: [(name: String, value: JSONValue)] =
            subject.isOwnUpload ? [("id", .string(subject.key))] : []
        let number =
            subject.isRepeatable ? IdempotencyKey.reviewID(of: subject.key) : random.uuid()
        reply(
            GatewayAnswer.json(
                201,
                id + [
                    ("reviewId", .string(number)), ("contentType", .string(type)),
                    ("size", .number(String(size))),
                ]))
    }
}
