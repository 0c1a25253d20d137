import NetIO
import Presign

/// `POST /reviews`: an upload counts once the API has seen that the object is there, is its
/// user's, and is what it says it is.
final class Reviews {
    static let bodyLimitBytes = 16 * 1024
    /// S3 User Guide, "Naming Amazon S3 objects".
    private static let keyLimitBytes = 1024

    private let configuration: GatewayConfiguration
    private let endpoint: Endpoint
    private let store: UpstreamClient
    private let signer: HeaderSigner
    private let random = RandomSource()

    init(_ configuration: GatewayConfiguration, _ endpoint: Endpoint, store: UpstreamClient) {
        self.configuration = configuration
        self.endpoint = endpoint
        self.store = store
        signer = HeaderSigner(credentials: configuration.credentials, region: configuration.region)
    }

    /// - Parameter body: nil when it was over the limit.
    func review(_ body: [UInt8]?, user: String, _ exchange: Exchange) {
        guard let body else {
            return exchange.respond(
                GatewayAnswer.error(413, "The body exceeds \(Self.bodyLimitBytes) bytes"))
        }
        // The key is compared as bytes: `hasPrefix` holds canonically equal texts for the same.
        guard let object = try? JSONParser.parse(body), let bucket = object["bucket"]?.string,
            let key = object["key"]?.string, (1...Self.keyLimitBytes).contains(key.utf8.count)
        else { return exchange.respond(GatewayAnswer.error(400, "Invalid request body")) }
        guard bucket == configuration.bucket, key.utf8.starts(with: "users/\(user)/".utf8) else {
            return exchange.respond(GatewayAnswer.error(403, "Forbidden"))
        }
        let range = (name: "Range", value: "bytes=0-\(ContentSniffer.prefixBytes - 1)")
        send("GET", key, [range]) { [self] result in
            switch result {
            case .failure: exchange.respond(GatewayAnswer.error(502, "Internal server error"))
            case .success(let answer): judge(answer, key, exchange)
            }
        }
    }

    private func judge(_ answer: UpstreamAnswer, _ key: String, _ exchange: Exchange) {
        switch answer.status {
        case 404: return exchange.respond(GatewayAnswer.error(404, "The object does not exist"))
        // An empty object has no first byte (RFC 9110 §14.1.2); its type is not told by the error.
        case 416: return reviewEmpty(key, exchange)
        case 200, 206: break
        default: return exchange.respond(GatewayAnswer.error(502, "Internal server error"))
        }
        let type = answer.headers.first("Content-Type") ?? "application/octet-stream"
        let total = answer.headers.first("Content-Range")?.split(separator: "/").last
        let size = total.flatMap { Int64($0) } ?? Int64(answer.body.count)
        finish(type, size, answer.body, key, exchange)
    }

    private func reviewEmpty(_ key: String, _ exchange: Exchange) {
        send("GET", key, []) { [self] result in
            guard case .success(let answer) = result, answer.status == 200 else {
                return exchange.respond(GatewayAnswer.error(502, "Internal server error"))
            }
            finish(answer.headers.first("Content-Type") ?? "", 0, [], key, exchange)
        }
    }

    private func finish(
        _ type: String, _ size: Int64, _ prefix: [UInt8], _ key: String, _ exchange: Exchange
    ) {
        guard ContentSniffer.isPlausible(type, prefix) else {
            // A file that lies must not stay; the answer waits until it is gone.
            return send("DELETE", key, []) { _ in
                exchange.respond(
                    GatewayAnswer.error(415, "The file is not what its content type says: \(type)"))
            }
        }
        exchange.respond(
            GatewayAnswer.json(
                201,
                [
                    ("reviewId", .string(random.uuid())), ("contentType", .string(type)),
                    ("size", .number(String(size))),
                ]))
    }

    private func send(
        _ method: String, _ key: String, _ fields: [NameValue],
        completion: @escaping UpstreamClient.Completion
    ) {
        let path = endpoint.pathPrefix + "/" + PercentEncoding.encode(key, keepingSlash: true)
        let headers = [(name: "Host", value: endpoint.host)] + fields
        let signed = signer.sign(
            method: method, path: path, headers: headers, payload: .empty,
            at: configuration.now())
        var head = "\(method) \(path) HTTP/1.1\r\n"
        for field in headers + signed.headers { head += "\(field.name): \(field.value)\r\n" }
        store.send(Array((head + "\r\n").utf8), completion: completion)
    }
}
