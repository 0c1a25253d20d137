import Presign

/// `POST /images`: the file as Base64 in JSON, in one Lambda event. The function stores it and reviews it.
final class ImageUploads {
    private let configuration: GatewayConfiguration
    private let naming: UploadNaming
    private let store: StoreClient
    private let reviews: Reviews

    init(
        _ configuration: GatewayConfiguration, _ naming: UploadNaming, _ store: StoreClient,
        _ reviews: Reviews
    ) {
        self.configuration = configuration
        self.naming = naming
        self.store = store
        self.reviews = reviews
    }

    /// Takes the event's body in. It counts as held until `store` is through with it, or until `drop`.
    func receive(
        _ exchange: Exchange, _ refuse: @escaping Reply, _ use: @escaping ([UInt8]) -> Void
    ) {
        let limit = configuration.limits.lambdaEventBytes
        let request = exchange.request
        // The event holds the body and more.
        guard (request.contentLength ?? 0) <= limit else { return refuse(Self.tooLong) }
        let account = configuration.account
        guard account.heldBytes <= heldLimitBytes else { return refuse(Self.tooMuchHeld) }
        exchange.receiveBody(
            into: SmallBody(
                limitBytes: Int(limit), expectedBytes: request.contentLength ?? 0, account: account
            ) { [self] body in
                guard let body else { return refuse(Self.tooLong) }
                guard LambdaEvent.sizeBytes(request, body: body) <= limit else {
                    drop(body)
                    return refuse(Self.tooLong)
                }
                use(body)
            } aborted: {
                refuse(GatewayAnswer.error(400, "The body ended early"))
            })
    }

    func drop(_ body: [UInt8]) { configuration.account.add(-Int64(body.count)) }

    /// As much as all functions together may have, and 1 GiB at least: bodies wait for no function.
    private var heldLimitBytes: Int64 {
        let limits = configuration.limits
        let (all, overflow) = limits.lambdaEventBytes.multipliedReportingOverflow(
            by: Int64(limits.lambdaConcurrency))
        return overflow ? .max : max(all, 1 << 30)
    }

    /// - Parameter called: a second request of the same name stores nothing, and is answered as the
    ///   first.
    func store(
        _ body: [UInt8], user: String, called: IdempotencyKey?, _ reply: @escaping Reply
    ) {
        use(body, user: user, called: called) { [self] response in
            drop(body)
            reply(response)
        }
    }

    private func stored(_ key: String, _ status: Int, isNew: Bool, _ reply: @escaping Reply) {
        switch status {
        case 200: reviews.review(key: key, isOwnUpload: true, isRepeatable: isNew, reply)
        case 412 where isNew:
            // Stored by the first request, whose answer is about the same object. If it is gone, the
            // first is just taking it away again.
            reviews.review(key: key, isOwnUpload: true, isRepeatable: true) { response in
                reply(response.status == 404 ? Self.underWay : response)
            }
        // S3 User Guide, "Conditional writes": another write to the key is under way.
        case 409 where isNew: reply(Self.underWay)
        default: reply(Self.storeFailed)
        }
    }

    private static var storeFailed: HTTPResponse {
        GatewayAnswer.error(502, "Internal server error")
    }

    private static var tooMuchHeld: HTTPResponse {
        GatewayAnswer.error(503, "Service Unavailable")
    }

    private static var underWay: HTTPResponse {
        GatewayAnswer.error(
            409, "A request with this \(IdempotencyKey.field) is under way: ask again later")
    }

    /// API Gateway's gateway response REQUEST_TOO_LARGE.
    private static var tooLong: HTTPResponse { GatewayAnswer.error(413, "Request Too Long") }

    private func use(
        _ body: [UInt8], user: String, called: IdempotencyKey?, _ reply: @escaping Reply
    ) {
        guard let object = try? JSONParser.parse(document: body),
            let image = object["image"]?.string,
            let type = UploadNaming.contentType(object["contentType"]?.string)
        else { return reply(Permissions.invalidParameter) }
        guard let file = Base64.decode(image) else {
            return reply(GatewayAnswer.error(400, "The image is not valid Base64"))
        }
        let account = configuration.account
        let held = Int64(image.utf8.count + file.count)
        account.add(held)
        let key = naming.key(
            user: user, fileName: object["filename"]?.string ?? "", called: called)
        // With another policy than a UUID per upload the last one stays, as always.
        let isNew = called != nil && naming.policy == .uuid
        let upload = store.put(
            key: Array(key.utf8), contentType: type, length: Int64(file.count), isNew: isNew
        ) { [self] result in
            account.add(-held)
            guard case .success(let answer) = result else { return reply(Self.storeFailed) }
            stored(key, answer.status, isNew: isNew, reply)
        }
        file.withUnsafeBytes { upload.write($0) }
        upload.finish()
    }
}
