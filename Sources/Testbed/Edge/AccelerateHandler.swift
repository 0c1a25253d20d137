import Foundation
package import NetIO
package import Presign

/// What the accelerate role is told at its start.
package struct AccelerateConfiguration: Sendable {
    /// Where it reaches the store; its connections there are kept open.
    package var upstream: ListenAddress
    package var region: String
    /// To ask the store for a bucket's state.
    package var credentials: Credentials
    package var warmConnections = 16
    package var now: @Sendable () -> SigningTime

    package init(
        upstream: ListenAddress, region: String, credentials: Credentials,
        now: @escaping @Sendable () -> SigningTime
    ) {
        self.upstream = upstream
        self.region = region
        self.credentials = credentials
        self.now = now
    }
}

/// The Transfer Acceleration endpoint: it ends the client's connection near the client, and hands the
/// request on to the store over connections that are open already, while the body still comes in.
package final class AccelerateHandler: RequestHandler {
    private let upstream: UpstreamClient
    private let states: AccelerationStates
    private var requestNumber: UInt64 = 0

    package init(_ configuration: AccelerateConfiguration, loop: EventLoop) throws {
        let address = try SocketAddress(
            resolving: configuration.upstream.localName, port: configuration.upstream.port)
        upstream = UpstreamClient(loop: loop, address: address)
        states = AccelerationStates(configuration, upstream)
        upstream.keepWarm(configuration.warmConnections)
    }

    package func handle(_ exchange: Exchange) {
        guard let bucket = Self.bucket(exchange.request) else {
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
            }
        }
    }

    /// `BUCKET.localhost`, and AWS's own names (S3 User Guide, "Transfer Acceleration").
    static func bucket(_ request: HTTPRequest) -> String? {
        let host = (request.headers.first("Host") ?? "").prefix { $0 != ":" }.lowercased()
        let endings = [
            ".localhost", ".s3-accelerate.amazonaws.com", ".s3-accelerate.dualstack.amazonaws.com",
        ]
        guard let ending = endings.first(where: host.hasSuffix) else { return nil }
        let bucket = String(host.dropLast(ending.count))
        return bucket.isEmpty ? nil : bucket
    }

    private func forward(_ exchange: Exchange) {
        let request = exchange.request
        // S3 User Guide: CreateBucket and DeleteBucket are not accelerated; a bucket's own GET is.
        if request.rawPath == "/", request.rawQuery.isEmpty,
            ["PUT", "DELETE"].contains(request.method)
        {
            return refuse(exchange, .methodNotAllowed)
        }
        guard !request.isChunked else { return refuse(exchange, .missingContentLength) }
        let sent = upstream.open(
            Self.head(request), isHead: request.method == "HEAD"
        ) { [self] result in
            switch result {
            case .success(let answer): respond(answer, exchange)
            case .failure: refuse(exchange, .unavailable)
            }
        }
        exchange.receiveBody(into: UpstreamBody(exchange, to: sent))
    }

    /// The request as it came, without what is between two neighbours only (RFC 9110 §7.6.1). The Host
    /// stays, as it is signed.
    private static func head(_ request: HTTPRequest) -> [UInt8] {
        let query = request.rawQuery.isEmpty ? "" : "?" + request.rawQuery
        var head = "\(request.method) \(request.rawPath)\(query) HTTP/1.1\r\n"
        for field in request.headers where !isHopByHop(field.name) {
            head += "\(field.name): \(field.value)\r\n"
        }
        return Array((head + "\r\n").utf8)
    }

    private static func isHopByHop(_ name: String) -> Bool {
        ["connection", "keep-alive", "expect", "te", "upgrade", "proxy-connection"].contains(
            name.lowercased())
    }

    private func respond(_ answer: UpstreamAnswer, _ exchange: Exchange) {
        let own = ["connection", "keep-alive", "content-length", "date", "transfer-encoding"]
        var response = HTTPResponse(
            status: answer.status,
            headers: answer.headers.filter { !own.contains($0.name.lowercased()) }.map {
                ($0.name, $0.value)
            }, body: answer.body.isEmpty ? .none : .bytes(answer.body))
        if exchange.request.method == "HEAD" {
            response.headContentLength = answer.headers.first("Content-Length").flatMap {
                Int64($0)
            }
        }
        exchange.respond(response)
    }

    private func refuse(_ exchange: Exchange, _ failure: S3Failure) {
        requestNumber += 1
        let digits = String(requestNumber, radix: 16, uppercase: true)
        let id = String(repeating: "0", count: max(0, 16 - digits.count)) + digits
        exchange.respond(
            HTTPResponse(
                status: failure.status,
                headers: [
                    ("Content-Type", "application/xml"), ("x-amz-request-id", id),
                    ("Server", "AmazonS3"),
                ],
                body: exchange.request.method == "HEAD"
                    ? .none
                    : .bytes(failure.document(requestID: id, hostID: StoreCall.hostID))))
    }
}

extension S3Failure {
    fileprivate static let unavailable = S3Failure(
        503, "ServiceUnavailable", "Service is unable to handle request.")
}
