import Measure
package import NetIO
import Presign

/// The gateway role: API Gateway, the Lambda functions behind it, and the review API in one.
package final class GatewayHandler: RequestHandler {
    private let configuration: GatewayConfiguration
    private let loop: EventLoop
    private let bearer: BearerToken
    private let permissions: Permissions
    private let multipart: MultipartPermissions
    private let images: ImageUploads
    private let uploads: ServiceUploads
    private let reviews: Reviews
    private var throttle: TokenBucket
    private var pool: LambdaPool
    private let station: ServiceStation
    private let page: UploadPage

    /// What a permission or a review may say in its body.
    private static let documentLimitBytes = 16 * 1024

    /// - Parameter transport: its way to the store; nil: plain HTTP to the embedded one.
    package init(
        _ configuration: GatewayConfiguration, loop: EventLoop,
        transport: (any StoreTransport)? = nil
    ) throws {
        self.configuration = configuration
        self.loop = loop
        bearer = BearerToken(configuration)
        page = UploadPage(configuration)
        permissions = try Permissions(configuration)
        let store = try StoreClient(configuration, loop: loop, transport: transport)
        let naming = UploadNaming(policy: configuration.keyPolicy)
        multipart = MultipartPermissions(permissions, naming, store, loop)
        reviews = Reviews(configuration, store)
        images = ImageUploads(configuration, naming, store, reviews)
        uploads = ServiceUploads(configuration, store)
        throttle = TokenBucket(
            perSecond: configuration.limits.throttlePerSecond,
            burst: configuration.limits.throttleBurst, nowNs: loop.nowNs)
        pool = LambdaPool(configuration.limits)
        station = ServiceStation(
            configuration.limits.service, seed: configuration.limits.seed &+ 0x6A7E, loop: loop)
    }

    package func refusal(for problem: RequestProblem) -> HTTPResponse {
        GatewayAnswer.error(problem.status, problem.message)
    }

    package func handle(_ exchange: Exchange) {
        let request = exchange.request
        if request.method == "OPTIONS" { return answer(exchange, GatewayAnswer.preflight) }
        // The page is not the API: none of the API's limits are its.
        if configuration.hasPage, let page = page.answer(to: request) {
            return exchange.respond(page)
        }
        guard throttle.take(nowNs: loop.nowNs) else {
            return answer(exchange, GatewayAnswer.error(429, "Too Many Requests"))
        }
        if let refusal = refusal(of: request) { return answer(exchange, refusal) }
        // API Gateway looks for the route first: its authorizers belong to routes.
        guard let route = GatewayRoute(request) else {
            return answer(exchange, GatewayAnswer.error(404, "Not Found"))
        }
        guard let user = bearer.user(of: request) else {
            return answer(exchange, GatewayAnswer.error(401, "Unauthorized"))
        }
        guard case .upload(let key) = route else { return collect(route, exchange, user) }
        let reply = reply(exchange) {}
        station.serve { [uploads] in
            uploads.store(key, user: user, exchange, reply)
        }
    }

    /// What the API refuses whatever the route: heads and bodies over its limits.
    private func refusal(of request: HTTPRequest) -> HTTPResponse? {
        let limits = configuration.limits
        let headerBytes = request.headers.reduce(0) {
            $0 + $1.name.utf8.count + $1.value.utf8.count
        }
        guard headerBytes <= limits.headerBytes else {
            return GatewayAnswer.error(431, "Request Header Fields Too Large")
        }
        guard (request.contentLength ?? 0) <= limits.bodyBytes else {
            return GatewayAnswer.bodyTooLarge(limits.bodyBytes)
        }
        return nil
    }

    /// Answers, for the pages of the configured origin.
    func answer(_ exchange: Exchange, _ response: HTTPResponse) {
        exchange.respond(response.readable(from: configuration.allowedOrigin))
    }

    // MARK: Lambda

    /// A function is invoked once the whole request is there: until then its client takes a connection,
    /// but no environment.
    private func collect(_ route: GatewayRoute, _ exchange: Exchange, _ user: String) {
        let refuse: Reply = { [unowned self] in answer(exchange, $0) }
        let use = { [unowned self] body in invoke(route, exchange, user, body) }
        switch route {
        case .signedMultipart, .review: receiveDocument(exchange, refuse, use)
        case .image: images.receive(exchange, refuse, use)
        default: use([])
        }
    }

    private func invoke(
        _ route: GatewayRoute, _ exchange: Exchange, _ user: String, _ body: [UInt8]
    ) {
        guard case .starts(let delayNs) = pool.start() else {
            if case .image = route { images.drop(body) }
            return answer(exchange, GatewayAnswer.error(429, "Too Many Requests"))
        }
        let clock = InvocationClock(coldNs: delayNs)
        let reply = reply(exchange) { [unowned self] in
            pool.finish()
            if let durationNs = clock.durationNs(nowNs: monotonicNs()) {
                configuration.account.invoked(durationNs: durationNs)
            }
        }
        station.serve(extraNs: delayNs) { [unowned self] in
            clock.begin(nowNs: monotonicNs())
            run(route, exchange, user, body, reply)
        }
    }

    private func run(
        _ route: GatewayRoute, _ exchange: Exchange, _ user: String, _ body: [UInt8],
        _ reply: @escaping Reply
    ) {
        let claim =
            route.isNamedByClient ? IdempotencyKey.claim(of: exchange.request.headers) : .none
        var called: IdempotencyKey?
        switch claim {
        case .none: break
        case .key(let key): called = key
        case .malformed:
            if case .image = route { images.drop(body) }
            return reply(IdempotencyKey.refusal)
        }
        switch route {
        case .signedURL: reply(permissions.signedURL(exchange.request, user: user))
        case .signedPost: reply(permissions.signedPost(exchange.request, user: user))
        case .signedMultipart:
            multipart.sign(body, user: user, called: called, exchange, reply)
        case .image: images.store(body, user: user, called: called, reply)
        case .review: reviews.review(body, user: user, reply)
        case .upload: reply(GatewayAnswer.error(500, "Internal Server Error"))
        }
    }

    private func receiveDocument(
        _ exchange: Exchange, _ refuse: @escaping Reply, _ use: @escaping ([UInt8]) -> Void
    ) {
        let limit = Self.documentLimitBytes
        exchange.receiveBody(
            into: SmallBody(limitBytes: limit) { body in
                guard let body else {
                    return refuse(GatewayAnswer.error(413, "The body exceeds \(limit) bytes"))
                }
                use(body)
            } aborted: {
                refuse(GatewayAnswer.error(400, "The body ended early"))
            })
    }

    // MARK: Time

    /// Answers once, within the integration's time limit; `ended` is called when the integration is
    /// done, also after that.
    private func reply(_ exchange: Exchange, ended: @escaping () -> Void) -> Reply {
        let timer = loop.schedule(afterNs: configuration.limits.integrationTimeoutNs) {
            [weak self] in
            self?.answer(exchange, GatewayAnswer.error(504, "Endpoint request timed out"))
        }
        var hasEnded = false
        return { [weak self, loop] response in
            guard !hasEnded else { return }
            hasEnded = true
            loop.cancel(timer)
            ended()
            self?.answer(exchange, response)
        }
    }
}

/// Gives the answer to a request.
typealias Reply = (HTTPResponse) -> Void

/// What a request asks of the API.
enum GatewayRoute {
    case signedURL, signedPost, signedMultipart, image, review
    /// The key as it stands in the path, decoded.
    case upload(key: [UInt8])

    /// Does an `Idempotency-Key` name the object? Of the others nothing is made that it could name.
    var isNamedByClient: Bool {
        switch self {
        case .image, .signedMultipart: true
        default: false
        }
    }

    private static let uploadPath = "/uploads/"

    init?(_ request: HTTPRequest) {
        switch (request.method, request.rawPath) {
        case ("GET", "/signed-url"): self = .signedURL
        case ("GET", "/signed-post"): self = .signedPost
        case ("POST", "/signed-multipart"): self = .signedMultipart
        case ("POST", "/images"): self = .image
        case ("POST", "/reviews"): self = .review
        case ("PUT", let path) where path.hasPrefix(Self.uploadPath):
            let key = PercentEncoding.decode(path.utf8.dropFirst(Self.uploadPath.utf8.count))
            guard !key.isEmpty else { return nil }
            self = .upload(key: key)
        default: return nil
        }
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
