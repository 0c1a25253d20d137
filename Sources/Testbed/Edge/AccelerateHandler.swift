import Glibc
package import NetIO
import Presign

/// The Transfer Acceleration endpoint: it ends the client's connection near the client, and hands the
/// request on to the store over connections that are open already, while the body still comes in. The
/// answer comes back the same way.
package final class AccelerateHandler: RequestHandler {
    private let upstream: UpstreamClient
    private let states: AccelerationStates
    private var requestNumber: UInt64 = 0

    package init(_ configuration: AccelerateConfiguration, loop: EventLoop) throws {
        let address = try SocketAddress(
            resolving: configuration.upstream.localName, port: configuration.upstream.port)
        upstream = UpstreamClient(loop: loop, address: address, limits: configuration.limits)
        states = AccelerationStates(configuration, upstream)
        upstream.keepWarm(configuration.warmConnections)
    }

    package func handle(_ exchange: Exchange) {
        guard let bucket = AcceleratedRequest.bucket(exchange.request) else {
            // The text for path style is not confirmed; its code and status are.
            return refuse(
                exchange,
                .invalidRequest(
                    "S3 Transfer Acceleration needs a virtual-hosted address: BUCKET.s3-accelerate.amazonaws.com"
                ))
        }
        guard !bucket.contains(".") else {
            return refuse(
                exchange,
                .invalidRequest(
                    "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
                ))
        }
        states.find(bucket) { [self] state in
            switch state {
            case .enabled, .noBucket: forward(exchange)
            case .suspended:
                refuse(
                    exchange,
                    .invalidRequest("S3 Transfer Acceleration is disabled on this bucket"))
            case .neverConfigured:
                refuse(
                    exchange,
                    .invalidRequest("S3 Transfer Acceleration is not configured on this bucket"))
            case .unknown: refuse(exchange, .unavailable)
            case .unreachable(let error): refuse(exchange, S3Failure(upstream: error))
            }
        }
    }

    private func forward(_ exchange: Exchange) {
        let request = exchange.request
        // S3 User Guide, "Transfer Acceleration": neither CreateBucket nor DeleteBucket. What the edge
        // answers is not confirmed. ListBuckets has no bucket in its name, and ends above.
        guard !AcceleratedRequest.isOfBucketItself(request) else {
            return refuse(exchange, .methodNotAllowed)
        }
        let relay = UpstreamRelay(limits: upstream.limits) { head, body in
            exchange.respond(Self.response(head, body, isHead: request.method == "HEAD"))
        } failed: { [self] error in
            refuse(exchange, S3Failure(upstream: error))
        }
        let sent = upstream.open(
            AcceleratedRequest.head(request), isHead: request.method == "HEAD",
            isChunked: request.isChunked, receiver: relay)
        // The edge answers `Expect: 100-continue` itself, for what passed the checks above: waiting
        // for the store's 100 would cost the long way once more. Whether AWS's does is not confirmed.
        exchange.receiveBody(into: UpstreamBody(exchange, to: sent))
    }

    private static func response(
        _ head: UpstreamHead, _ body: HTTPResponse.Body, isHead: Bool
    ) -> HTTPResponse {
        // The server writes these itself; the others are between two neighbours only.
        let own: Set = [
            "connection", "keep-alive", "content-length", "date", "transfer-encoding", "trailer",
            "upgrade", "proxy-connection", "timing-allow-origin",
        ]
        var response = HTTPResponse(status: head.status, body: body)
        response.headers = head.headers.filter { !own.contains($0.name.lowercased()) }
        if isHead {
            response.headContentLength = head.headers.first("Content-Length").flatMap { Int64($0) }
        }
        return response
    }

    func refuse(_ exchange: Exchange, _ failure: S3Failure) {
        requestNumber &+= 1
        let digits = String(requestNumber, radix: 16, uppercase: true)
        let id = String(repeating: "0", count: max(0, 16 - digits.count)) + digits
        let isHead = exchange.request.method == "HEAD"
        exchange.respond(
            HTTPResponse(
                status: failure.status,
                headers: [
                    ("Content-Type", "application/xml"), ("x-amz-request-id", id),
                    ("Server", "AmazonS3"),
                ],
                body: isHead
                    ? .none : .bytes(failure.document(requestID: id, hostID: StoreCall.hostID))))
    }
}

extension S3Failure {
    fileprivate static let unavailable = S3Failure(
        503, "ServiceUnavailable", "Service is unable to handle request.")

    /// The statuses are CloudFront's for an origin that is silent or gone (CloudFront Developer Guide,
    /// "HTTP 504" and "HTTP 502"); in which words acceleration gives them is not confirmed.
    fileprivate init(upstream error: SystemError) {
        if error.code == ETIMEDOUT {
            self.init(504, "GatewayTimeout", "The bucket's region did not answer in time.")
        } else {
            self.init(502, "BadGateway", "The bucket's region could not be reached.")
        }
    }
}
