import NetIO
import Presign

/// Signs all requests of one multipart upload, some parts a turn: ten thousand take a quarter of a
/// second, for which nobody else would be served.
final class UploadSigning: EventSource {
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
    private let loop: EventLoop
    private let exchange: Exchange
    private let reply: Reply
    private var parts: [JSONValue] = []

    init(
        _ upload: Upload, _ signers: EndpointSigners, _ loop: EventLoop, _ exchange: Exchange,
        _ reply: @escaping Reply
    ) {
        self.upload = upload
        self.signers = signers
        self.loop = loop
        self.exchange = exchange
        self.reply = reply
        parts.reserveCapacity(upload.partCount)
    }

    /// One turn; the loop keeps this for the next.
    func ready(_ readiness: Readiness) {
        // The reply that nobody hears ends the invocation.
        guard exchange.isAwaited else { return reply(Self.failed) }
        do throws(SigningError) {
            try signParts()
            guard parts.count == upload.partCount else { return loop.again(self) }
            let data = try members()
            reply(GatewayAnswer.json(200, [("id", .string(upload.key)), ("data", .object(data))]))
        } catch {
            reply(Self.failed)
        }
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
