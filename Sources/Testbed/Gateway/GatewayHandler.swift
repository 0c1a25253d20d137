package import NetIO
package import Presign

/// What the gateway is told at its start.
package struct GatewayConfiguration: Sendable {
    package var bucket: String
    package var region: String
    /// What it signs with; its own, never shown to clients.
    package var credentials: Credentials
    package var store: ListenAddress
    /// nil: open, every request is the user `anonymous`.
    package var token: String?
    /// The user whose token it is.
    package var user = "bench"
    package var expiresSeconds = 300
    package var now: @Sendable () -> SigningTime

    package init(
        bucket: String, region: String, credentials: Credentials, store: ListenAddress,
        token: String?, now: @escaping @Sendable () -> SigningTime
    ) {
        self.bucket = bucket
        self.region = region
        self.credentials = credentials
        self.store = store
        self.token = token
        self.now = now
    }
}

/// The gateway role: API Gateway, the Lambda behind it, and the review API in one.
package final class GatewayHandler: RequestHandler {
    private enum Route {
        case signedURL
        case signedPost
        case review

        init?(_ request: HTTPRequest) {
            switch (request.method, request.rawPath) {
            case ("GET", "/signed-url"): self = .signedURL
            case ("GET", "/signed-post"): self = .signedPost
            case ("POST", "/reviews"): self = .review
            default: return nil
            }
        }
    }

    private let configuration: GatewayConfiguration
    private let permissions: Permissions
    /// Of a gateway on all addresses: by the name that the client used.
    private var permissionsByHost: [String: Permissions] = [:]
    private let reviews: Reviews
    private static let hostLimit = 16

    package init(_ configuration: GatewayConfiguration, loop: EventLoop) throws {
        self.configuration = configuration
        let endpoint = try Self.endpoint(configuration, host: configuration.store.localName)
        permissions = Permissions(configuration, endpoint)
        let address = try SocketAddress(
            resolving: configuration.store.localName, port: configuration.store.port)
        reviews = Reviews(
            configuration, endpoint, store: UpstreamClient(loop: loop, address: address))
    }

    package func handle(_ exchange: Exchange) {
        let request = exchange.request
        if request.method == "OPTIONS" { return exchange.respond(GatewayAnswer.preflight) }
        // API Gateway looks for the route first: its authorizers belong to routes.
        guard let route = Route(request) else {
            return exchange.respond(GatewayAnswer.error(404, "Not Found"))
        }
        guard let user = user(of: request) else {
            return exchange.respond(GatewayAnswer.error(401, "Unauthorized"))
        }
        switch route {
        case .signedURL:
            let query = FormQuery(request.rawQuery)
            exchange.respond(permissions(for: request).signedURL(query, user: user))
        case .signedPost:
            let query = FormQuery(request.rawQuery)
            exchange.respond(permissions(for: request).signedPost(query, user: user))
        case .review:
            exchange.receiveBody(
                into: SmallBody(limitBytes: Reviews.bodyLimitBytes) { [reviews] body in
                    reviews.review(body, user: user, exchange)
                })
        }
    }

    /// A role on all addresses has no name of its own: the client gets URLs with the one it used.
    private func permissions(for request: HTTPRequest) -> Permissions {
        guard configuration.store.isWildcard, let authority = request.headers.first("Host") else {
            return permissions
        }
        if let known = permissionsByHost[authority] { return known }
        let end = authority.lastIndex(of: ":") ?? authority.endIndex
        let host = authority.hasSuffix("]") ? authority : String(authority[..<end])
        guard let endpoint = try? Self.endpoint(configuration, host: host) else {
            return permissions
        }
        if permissionsByHost.count >= Self.hostLimit { permissionsByHost = [:] }
        let made = Permissions(configuration, endpoint)
        permissionsByHost[authority] = made
        return made
    }

    private static func endpoint(
        _ configuration: GatewayConfiguration, host: String
    ) throws(EndpointError) -> Endpoint {
        try Endpoint(
            style: .customPath, region: configuration.region, bucket: configuration.bucket,
            url: "http://\(host):\(configuration.store.port)")
    }

    /// The user that the token was given to; nil when it is missing or wrong.
    private func user(of request: HTTPRequest) -> String? {
        guard let token = configuration.token else { return "anonymous" }
        // RFC 9110 §11.1: the scheme's case does not matter.
        guard let field = request.headers.first("Authorization"),
            isSameToken(field.prefix(7), "bearer "),
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
