import NetIO
import Presign

/// Signs all requests of one multipart upload, some parts a turn: ten thousand take a quarter of a
/// second, for which nobody else would be served.
final class UploadSigning {
    struct Upload {
        let id: String
        let key: String
        let partCount: Int
        let partBytes: Int64
        /// What the completion must send.
        let condition: [NameValue]
    }

    /// About two milliseconds' work.
    private static let partsPerTurn = 64

    static var failed: HTTPResponse { GatewayAnswer.error(502, "Internal server error") }

    private let upload: Upload
    private let signers: EndpointSigners
    private let exchange: Exchange
    private let reply: Reply
    private var parts: [JSONValue] = []

    init(
        _ upload: Upload, _ signers: EndpointSigners, _ exchange: Exchange,
        _ reply: @escaping Reply
    ) {
        self.upload = upload
        self.signers = signers
        self.exchange = exchange
        self.reply = reply
        parts.reserveCapacity(upload.partCount)
    }

    /// Is one turn enough?
    var isShort: Bool { upload.partCount <= Self.partsPerTurn }

    /// One turn.
    ///
    /// - Returns: true when it was the last.
    func goOn() -> Bool {
        // The reply that nobody hears ends the invocation.
        guard exchange.isAwaited else {
            reply(Self.failed)
            return true
        }
        do throws(SigningError) {
            try signParts()
            guard parts.count == upload.partCount else { return false }
            let data = try members()
            reply(GatewayAnswer.json(200, [("id", .string(upload.key)), ("data", .object(data))]))
        } catch {
            reply(Self.failed)
        }
        return true
    }

    private func signParts() throws(SigningError) {
        let end = min(upload.partCount, parts.count + Self.partsPerTurn)
        while parts.count < end {
            let query = [
                (name: "partNumber", value: String(parts.count + 1)), ("uploadId", upload.id),
            ]
            parts.append(.string(try signers.url("PUT", key: upload.key, query)))
        }
    }

    private func members() throws(SigningError) -> [(name: String, value: JSONValue)] {
        let query = [(name: "uploadId", value: upload.id)]
        let complete = try signers.url(
            "POST", key: upload.key, query, headers: upload.condition)
        let fields = upload.condition.map { ($0.name, JSONValue.string($0.value)) }
        return [
            ("uploadId", .string(upload.id)), ("partBytes", .number(String(upload.partBytes))),
            ("parts", .array(parts)), ("complete", .string(complete)),
            ("abort", .string(try signers.url("DELETE", key: upload.key, query))),
        ] + (fields.isEmpty ? [] : [("completeHeaders", .object(fields))])
    }
}

/// Gives one long signing after the other a turn, and between any two everybody else: however many are
/// asked for at once, a request waits for one turn. Few are under way, as each holds what it has signed.
final class SigningQueue: EventSource {
    private static let width = 4

    private let loop: EventLoop
    private var waiting: [UploadSigning] = []
    private var turn = 0

    init(_ loop: EventLoop) { self.loop = loop }

    func add(_ signing: UploadSigning) {
        guard !signing.isShort else {
            _ = signing.goOn()
            return
        }
        waiting.append(signing)
        if waiting.count == 1 { loop.again(self) }
    }

    func ready(_ readiness: Readiness) {
        turn = (turn + 1) % min(Self.width, waiting.count)
        if waiting[turn].goOn() { waiting.remove(at: turn) }
        if !waiting.isEmpty { loop.again(self) }
    }
}
