import NetIO
import Presign

/// The page at the gateway's `/`: every strategy tried and measured from a browser. Its files are part of
/// the program, and it asks nobody but the roles for anything.
struct UploadPage {
    private let configuration: GatewayConfiguration
    private static let files: [String: (type: String, bytes: [UInt8])] = [
        "/": ("text/html; charset=utf-8", PackageResources.page_html),
        "/page/page.css": ("text/css; charset=utf-8", PackageResources.page_css),
        "/page/page.js": (script, PackageResources.page_js),
        "/page/requests.js": (script, PackageResources.requests_js),
        "/page/strategies.js": (script, PackageResources.strategies_js),
        "/page/traps.js": (script, PackageResources.traps_js),
        "/page/explain.js": (script, PackageResources.explain_js),
        "/page/measure.js": (script, PackageResources.measure_js),
        "/page/plot.js": (script, PackageResources.plot_js),
    ]
    private static let script = "text/javascript; charset=utf-8"
    private static let configPath = "/page/config"

    init(_ configuration: GatewayConfiguration) { self.configuration = configuration }

    /// nil for what is not the page's.
    func answer(to request: HTTPRequest) -> HTTPResponse? {
        guard request.method == "GET" || request.method == "HEAD" else { return nil }
        let places = Places(configuration, request)
        if request.rawPath == Self.configPath { return config(places) }
        guard let file = Self.files[request.rawPath] else { return nil }
        return HTTPResponse(
            status: 200,
            headers: [
                ("Content-Type", file.type), ("Cache-Control", "no-store"),
                ("Content-Security-Policy", places.contentSecurityPolicy),
                ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
            ], body: .bytes(file.bytes))
    }

    /// Where the roles are, and what a page has to know of them; nothing secret.
    private func config(_ places: Places) -> HTTPResponse {
        let text = { (value: String?) in value.map { JSONValue.string($0) } ?? .null }
        let limits = configuration.limits
        var answer = GatewayAnswer.json(
            200,
            [
                ("bucket", .string(configuration.bucket)),
                ("bucketWithoutCORS", text(configuration.bucketWithoutCORS)),
                ("store", .string(places.store)), ("edge", text(places.edge)),
                ("accelerate", text(places.accelerate)),
                ("otherOrigin", text(places.otherOrigin)),
                ("needsToken", .bool(configuration.tokenDigest != nil)),
                ("expiresSeconds", .number("\(configuration.expiresSeconds)")),
                ("gatewayBodyBytes", .number("\(limits.bodyBytes)")),
                ("lambdaEventBytes", .number("\(limits.lambdaEventBytes)")),
                ("link", text(configuration.linkName)),
            ])
        answer.headers.append(("Cache-Control", "no-store"))
        return answer
    }
}

/// The roles' origins as the page that was asked for reaches them.
private struct Places {
    let store: String
    let edge: String?
    let accelerate: String?
    /// The same gateway by the loopback's other name, which is another origin to a browser: from there a
    /// page has to ask for leave as one on its own server does. nil elsewhere.
    let otherOrigin: String?

    init(_ configuration: GatewayConfiguration, _ request: HTTPRequest) {
        let scheme = configuration.scheme
        let authority = request.headers.first("Host") ?? ""
        let end = authority.hasSuffix("]") ? authority.endIndex : authority.lastIndex(of: ":")
        let called = String(authority[..<(end ?? authority.endIndex)])
        let port = String(authority[(end ?? authority.endIndex)...])
        // As `Permissions` signs.
        let host = configuration.store.isWildcard ? called : configuration.store.localName
        store =
            configuration.remote.map { "\($0.endpoint.scheme)://\($0.endpoint.host)" }
            ?? "\(scheme)://\(host):\(configuration.store.port)"
        edge = configuration.edgePort.map { "\(scheme)://\(host):\($0)" }
        accelerate = configuration.acceleratePort.map {
            "\(scheme)://\(configuration.bucket).localhost:\($0)"
        }
        let names = ["127.0.0.1": "localhost", "localhost": "127.0.0.1"]
        otherOrigin = names[called].map { "\(scheme)://\($0)\(port)" }
    }

    /// CSP Level 3. A redirect is checked like the request before it, so the edge's needs the store.
    var contentSecurityPolicy: String {
        // Where the Host decides, it may have what would begin another directive.
        let others = [store, edge, accelerate, otherOrigin].compactMap { $0 }.filter {
            !$0.utf8.contains { ";,'".utf8.contains($0) }
        }
        return "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
            + "connect-src 'self' \(others.joined(separator: " ")); base-uri 'none'; "
            + "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    }
}
