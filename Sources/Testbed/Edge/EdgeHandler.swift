package import NetIO
import Presign

/// The edge of `edge-redirect`: CloudFront with a function on viewer requests, which checks the token
/// and answers 307 to a presigned URL. The body never matters to it.
package final class EdgeHandler: RequestHandler {
    private let permissions: Permissions
    private let bearer: BearerToken
    private let loop: EventLoop
    private let serviceTimeNs: Int64

    /// CloudFront Developer Guide, "Quotas": longer URLs are answered 413.
    private static let urlLimitBytes = 8192

    /// - Parameter configuration: the gateway's; the edge signs with the same role.
    package init(
        _ configuration: GatewayConfiguration, loop: EventLoop, serviceTimeNs: Int64 = 0
    ) throws {
        permissions = try Permissions(configuration)
        bearer = BearerToken(configuration)
        self.loop = loop
        self.serviceTimeNs = serviceTimeNs
    }

    package func handle(_ exchange: Exchange) {
        let answer = answer(exchange.request)
        guard serviceTimeNs > 0 else { return exchange.respond(answer) }
        loop.schedule(afterNs: serviceTimeNs) { exchange.respond(answer) }
    }

    private func answer(_ request: HTTPRequest) -> HTTPResponse {
        if request.method == "OPTIONS" { return GatewayAnswer.preflight }
        guard request.rawPath.utf8.count + request.rawQuery.utf8.count < Self.urlLimitBytes else {
            return GatewayAnswer.error(413, "Request URL Too Long")
        }
        // CloudFront answers methods that a behaviour does not allow with 403; its body is an HTML
        // page, whose text is not confirmed.
        guard request.method == "PUT", request.rawPath.utf8.count > 1 else {
            return GatewayAnswer.error(
                403, "This distribution is not configured to allow the request")
        }
        guard let user = bearer.user(of: request) else {
            return GatewayAnswer.error(401, "Unauthorized")
        }
        let name = String(
            decoding: PercentEncoding.decode(request.rawPath.utf8.dropFirst()), as: UTF8.self)
        let type = request.headers.first("Content-Type") ?? "application/octet-stream"
        guard let url = permissions.putURL(contentType: type, fileName: name, user: user, request)
        else { return GatewayAnswer.error(400, "Invalid request parameters") }
        return HTTPResponse(
            status: 307,
            headers: [
                ("Location", url), ("Access-Control-Allow-Origin", "*"),
                ("Cache-Control", "no-store"),
            ])
    }
}
