package import NetIO
import Presign

/// The edge of `edge-redirect`: CloudFront with a function on viewer requests, which checks the token
/// and answers 307 to a presigned URL. The body never matters to it.
package final class EdgeHandler: RequestHandler {
    private let configuration: EdgeConfiguration
    private let permissions: Permissions
    private let bearer: BearerToken
    private let station: ServiceStation

    package init(_ configuration: EdgeConfiguration, loop: EventLoop) throws {
        self.configuration = configuration
        permissions = try Permissions(configuration.gateway)
        bearer = BearerToken(configuration.gateway)
        station = ServiceStation(
            configuration.service, seed: configuration.gateway.limits.seed &+ 0xED6E, loop: loop)
    }

    package func handle(_ exchange: Exchange) {
        if let refusal = refusal(of: exchange.request) { return exchange.respond(refusal) }
        let answer = answer(exchange.request)
        station.serve { exchange.respond(answer) }
    }

    /// What CloudFront refuses itself, before any function runs (CloudFront Developer Guide, "Quotas"
    /// and "Request and response behavior").
    private func refusal(of request: HTTPRequest) -> HTTPResponse? {
        let target = request.rawPath.utf8.count + request.rawQuery.utf8.count
        let url = target + (request.rawQuery.isEmpty ? 0 : 1)
        guard url <= configuration.urlBytes else {
            return EdgeAnswer.error(413, "The URL exceeds \(configuration.urlBytes) bytes.")
        }
        guard headBytes(request, url: url) <= configuration.headBytes else {
            return EdgeAnswer.error(
                413, "The request's head exceeds \(configuration.headBytes) bytes.")
        }
        guard (request.contentLength ?? 0) <= configuration.bodyBytes else {
            return EdgeAnswer.error(
                413, "The request's body exceeds \(configuration.bodyBytes) bytes.")
        }
        if ["GET", "HEAD"].contains(request.method), request.hasBody {
            return EdgeAnswer.error(403, "A \(request.method) request carries no body here.")
        }
        return nil
    }

    /// As it came: request line, fields and the blank line.
    private func headBytes(_ request: HTTPRequest, url: Int) -> Int {
        let line = request.method.utf8.count + 1 + url + " HTTP/1.1\r\n".utf8.count
        return request.headers.reduce(line + 2) {
            $0 + $1.name.utf8.count + $1.value.utf8.count + ": \r\n".utf8.count
        }
    }

    private func answer(_ request: HTTPRequest) -> HTTPResponse {
        if request.method == "OPTIONS" { return GatewayAnswer.preflight }
        guard request.method == "PUT" else {
            return EdgeAnswer.error(
                403, "This distribution does not take the method \(request.method).")
        }
        guard let user = bearer.user(of: request) else {
            return GatewayAnswer.error(401, "Unauthorized")
        }
        let name = String(
            decoding: PercentEncoding.decode(request.rawPath.utf8.dropFirst()), as: UTF8.self)
        // Signed into the URL, so that the second PUT has to carry the type of the first.
        let type = request.headers.first("Content-Type") ?? "application/octet-stream"
        guard !name.isEmpty,
            let url = permissions.putURL(contentType: type, fileName: name, user: user, request)
        else { return GatewayAnswer.error(400, "Invalid request parameters") }
        return HTTPResponse(
            status: 307,
            headers: [
                ("Location", url), ("Access-Control-Allow-Origin", "*"),
                ("Cache-Control", "no-store"),
            ])
    }
}

/// What CloudFront itself answers: an HTML page without CORS headers. The statuses are AWS's; the page
/// and its words are this program's own.
enum EdgeAnswer {
    static func error(_ status: Int, _ reason: String) -> HTTPResponse {
        let page = """
            <!DOCTYPE html><html><head><title>The request could not be satisfied</title></head>\
            <body><h1>\(status)</h1><p>\(reason)</p></body></html>

            """
        return HTTPResponse(
            status: status,
            headers: [("Content-Type", "text/html"), ("X-Cache", "Error from cloudfront")],
            body: .bytes(Array(page.utf8)))
    }
}
