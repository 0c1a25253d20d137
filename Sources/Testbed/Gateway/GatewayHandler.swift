import Foundation
package import NetIO
package import Presign

/// What the gateway is told at its start.
package struct GatewayConfiguration: Sendable {
    package var bucket: String
    package var region: String
    /// What it signs with; its own, never shown to clients.
    package var credentials: Credentials
    package var storeURL: String
    package var storePort: Int
    /// nil: open, every request is the user `anonymous`.
    package var token: String?
    /// The user whose token it is.
    package var user = "bench"
    package var expiresSeconds = 300
    package var now: @Sendable () -> SigningTime

    package init(
        bucket: String, region: String, credentials: Credentials, storeURL: String,
        storePort: Int, token: String?, now: @escaping @Sendable () -> SigningTime
    ) {
        self.bucket = bucket
        self.region = region
        self.credentials = credentials
        self.storeURL = storeURL
        self.storePort = storePort
        self.token = token
        self.now = now
    }
}

/// The gateway role: API Gateway, the Lambda behind it, and the review API in one.
package final class GatewayHandler: RequestHandler {
    private let configuration: GatewayConfiguration
    private let permissions: Permissions
    private let reviews: Reviews

    package init(_ configuration: GatewayConfiguration, loop: EventLoop) throws {
        self.configuration = configuration
        let endpoint = try Endpoint(
            style: .customPath, region: configuration.region, bucket: configuration.bucket,
            url: configuration.storeURL)
        permissions = Permissions(configuration, endpoint)
        reviews = Reviews(
            configuration, endpoint,
            store: UpstreamClient(loop: loop, port: configuration.storePort))
    }

    package func handle(_ exchange: Exchange) {
        let request = exchange.request
        if request.method == "OPTIONS" { return exchange.respond(GatewayAnswer.preflight) }
        guard let user = user(of: request) else {
            return exchange.respond(GatewayAnswer.error(401, "Unauthorized"))
        }
        let query = FormQuery(request.rawQuery)
        switch (request.method, request.rawPath) {
        case ("GET", "/signed-url"):
            exchange.respond(permissions.signedURL(query, user: user))
        case ("GET", "/signed-post"):
            exchange.respond(permissions.signedPost(query, user: user))
        case ("POST", "/reviews"):
            exchange.receiveBody(
                into: SmallBody(limitBytes: Reviews.bodyLimitBytes) { [reviews] body in
                    reviews.review(body, user: user, exchange)
                })
        default:
            exchange.respond(GatewayAnswer.error(404, "Not Found"))
        }
    }

    /// The user that the token was given to; nil when it is missing or wrong.
    private func user(of request: HTTPRequest) -> String? {
        guard let token = configuration.token else { return "anonymous" }
        guard let field = request.headers.first("Authorization"), field.hasPrefix("Bearer "),
            Self.isSame(Array(field.utf8.dropFirst(7)), Array(token.utf8))
        else { return nil }
        return configuration.user
    }

    /// Takes the same time wherever the two differ.
    private static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// The API's answers: JSON, and open to every origin.
enum GatewayAnswer {
    private static let cors = [("Access-Control-Allow-Origin", "*")]

    static func json(_ status: Int, _ object: [String: Any]) -> HTTPResponse {
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        let body = (try? JSONSerialization.data(withJSONObject: object, options: options)) ?? Data()
        return HTTPResponse(
            status: status, headers: [("Content-Type", "application/json")] + cors,
            body: .bytes([UInt8](body)))
    }

    /// As API Gateway words its own errors.
    static func error(_ status: Int, _ message: String) -> HTTPResponse {
        json(status, ["message": message])
    }

    static var preflight: HTTPResponse {
        HTTPResponse(
            status: 204,
            headers: cors + [
                ("Access-Control-Allow-Methods", "GET, POST, PUT, OPTIONS"),
                ("Access-Control-Allow-Headers", "authorization, content-type"),
                ("Access-Control-Max-Age", "300"),
            ])
    }
}

/// A query's parameters, decoded.
struct FormQuery {
    private let pairs: [(name: String, value: String)]

    init(_ rawQuery: String) {
        pairs = rawQuery.split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let texts = halves.map {
                String(decoding: PercentEncoding.decode($0.utf8), as: UTF8.self)
            }
            return (texts[0], texts.count > 1 ? texts[1] : "")
        }
    }

    subscript(_ name: String) -> String? { pairs.first { $0.name == name }?.value }
}

/// Collects a body that must be small.
final class SmallBody: BodySink {
    private let limitBytes: Int
    private let completion: ([UInt8]?) -> Void
    private var bytes: [UInt8] = []
    private var isTooLarge = false

    /// - Parameter completion: gets nil for a body over the limit.
    init(limitBytes: Int, completion: @escaping ([UInt8]?) -> Void) {
        self.limitBytes = limitBytes
        self.completion = completion
    }

    func receive(_ received: UnsafeRawBufferPointer) {
        guard !isTooLarge else { return }
        guard bytes.count + received.count <= limitBytes else {
            isTooLarge = true
            completion(nil)
            return
        }
        bytes.append(contentsOf: received)
    }

    func finish() {
        if !isTooLarge { completion(bytes) }
    }

    func abort() {}
}
