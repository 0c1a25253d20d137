import NetIO
import Presign

/// `PUT /uploads/{key+}`: API Gateway's own integration with S3, without a Lambda. The body is handed on
/// while it comes in and is never held whole.
final class ServiceUploads {
    private let store: StoreClient
    private let account: GatewayAccount

    init(_ configuration: GatewayConfiguration, _ store: StoreClient) {
        self.store = store
        account = configuration.account
    }

    func store(_ key: [UInt8], user: String, _ exchange: Exchange, _ reply: @escaping Reply) {
        let own = Array("users/\(user)/".utf8)
        let full = key.starts(with: own) ? key : own + key
        guard key.starts(with: own) || !key.starts(with: "users/".utf8) else {
            return reply(GatewayAnswer.error(403, "Forbidden"))
        }
        // S3 takes no body without a length; that API Gateway answers so itself is not confirmed.
        guard let length = exchange.request.contentLength, !exchange.request.isChunked else {
            return reply(GatewayAnswer.error(411, "Length Required"))
        }
        let type = exchange.request.headers.first("Content-Type") ?? "application/octet-stream"
        var waiting = 0
        let sent = store.put(key: full, contentType: type, length: length) { result in
            switch result {
            case .success(let answer): reply(Self.answer(answer, key: full))
            case .failure: reply(GatewayAnswer.error(500, "Internal server error"))
            }
        }
        exchange.receiveBody(
            into: UpstreamBody(exchange, to: sent) { [account] now in
                account.add(Int64(now - waiting))
                waiting = now
            })
    }

    /// The store's refusals pass with their status; its text stays behind the integration.
    private static func answer(_ answer: UpstreamAnswer, key: [UInt8]) -> HTTPResponse {
        guard answer.status == 200 else {
            let status = (400..<500).contains(answer.status) ? answer.status : 502
            return GatewayAnswer.error(status, "The store refused the object")
        }
        return GatewayAnswer.json(200, [("id", .string(String(decoding: key, as: UTF8.self)))])
    }
}
