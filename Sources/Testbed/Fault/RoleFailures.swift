import Presign

extension StoreHandler: FallibleRole {
    /// Of the bucket only forms are: its listings and settings are for those who look at it.
    func isOfUpload(_ request: HTTPRequest) -> Bool {
        guard request.method != "OPTIONS" else { return false }
        let address = BucketAddress(request, isBucket: store.contains)
        guard address.key == nil else { return true }
        return request.method == "POST" && address.bucket != nil
            && !QueryParameters(request.rawQuery).contains("delete")
    }

    func refuse(_ exchange: Exchange, status: Int) {
        let call = makeCall(exchange)
        call.fail(S3Failure(injected: status, bucket: call.address.bucket ?? ""))
    }
}

extension S3Failure {
    /// What S3 says with a status when nothing is wrong with the request (S3 API Reference, "Error
    /// responses"); the last two are those of the acceleration endpoint's front.
    init(injected status: Int, bucket: String) {
        switch status {
        case 400:
            self.init(
                400, "RequestTimeout",
                "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed."
            )
        case 403: self = .accessDenied
        case 404: self = .noSuchBucket(bucket)
        case 409:
            self.init(
                409, "OperationAborted",
                "A conflicting conditional operation is currently in progress against this resource. Try again."
            )
        case 503: self = .slowDown
        case 502:
            self.init(502, "BadGateway", "The bucket's region could not be reached.")
        case 504:
            self.init(504, "GatewayTimeout", "The bucket's region did not answer in time.")
        default:
            self.init(
                status, "InternalError", "We encountered an internal error. Please try again.")
        }
    }
}

extension GatewayHandler: FallibleRole {
    /// A permission is asked for a file; who names none only looks whether the API is there.
    func isOfUpload(_ request: HTTPRequest) -> Bool {
        guard let route = GatewayRoute(request) else { return false }
        switch route {
        case .signedURL, .signedPost: return !request.rawQuery.isEmpty
        default: return true
        }
    }

    func refuse(_ exchange: Exchange, status: Int) {
        answer(exchange, GatewayAnswer.error(status, Self.words[status] ?? "Bad Request"))
    }

    /// API Gateway's own, not those of the functions behind it.
    private static let words = [
        401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests",
        500: "Internal server error", 502: "Internal server error", 503: "Service Unavailable",
        504: "Endpoint request timed out",
    ]
}

extension EdgeHandler: FallibleRole {
    func isOfUpload(_ request: HTTPRequest) -> Bool { request.method == "PUT" }

    func refuse(_ exchange: Exchange, status: Int) {
        exchange.respond(EdgeAnswer.error(status, ResponseHead.reason(status)))
    }
}

extension AccelerateHandler: FallibleRole {
    func isOfUpload(_ request: HTTPRequest) -> Bool {
        ["PUT", "POST", "DELETE"].contains(request.method)
    }

    func refuse(_ exchange: Exchange, status: Int) {
        let bucket = AcceleratedRequest.bucket(exchange.request) ?? ""
        refuse(exchange, S3Failure(injected: status, bucket: bucket))
    }
}
