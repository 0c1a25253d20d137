import Foundation
import NetIO
import Presign
import Testing

@testable import Testbed

/// The accelerate role before a store that is played by the test.
struct AccelerateFixture {
    static let bucket = "uploads"
    let port: Int

    /// - Parameter store: is asked for all but the bucket's acceleration state.
    static func run(
        status: String? = "Enabled", limits: UpstreamLimits = UpstreamLimits(),
        store: @escaping @Sendable (Exchange, EventLoop) -> Void,
        test: (AccelerateFixture) throws -> Void
    ) throws {
        let role = try RoleServer(name: "store", address: ListenAddress()) {
            ClosureHandler($0) { exchange, loop in
                guard exchange.request.rawQuery == "accelerate" else {
                    return store(exchange, loop)
                }
                exchange.respond(Self.state(status))
            }
        }
        defer { role.stop() }
        try run(upstreamPort: role.port, limits: limits, test: test)
    }

    static func run(
        upstreamPort: Int, limits: UpstreamLimits = UpstreamLimits(),
        test: (AccelerateFixture) throws -> Void
    ) throws {
        var configuration = AccelerateConfiguration(
            upstream: ListenAddress(port: upstreamPort), region: "us-east-1",
            credentials: testCredentials, now: { testTime })
        configuration.limits = limits
        configuration.warmConnections = 2
        let made = configuration
        let role = try RoleServer(name: "accelerate", address: ListenAddress()) {
            try AccelerateHandler(made, loop: $0)
        }
        defer { role.stop() }
        try test(AccelerateFixture(port: role.port))
    }

    private static func state(_ status: String?) -> HTTPResponse {
        let element = status.map { "<Status>\($0)</Status>" } ?? ""
        let document = "<AccelerateConfiguration>\(element)</AccelerateConfiguration>"
        return HTTPResponse(status: 200, body: .bytes(Array(document.utf8)))
    }

    func client() throws -> RawClient { try RawClient(port: port) }

    func head(_ method: String, _ target: String = "/key", _ fields: [String] = []) -> String {
        let host = "Host: \(Self.bucket).localhost:\(port)"
        return "\(method) \(target) HTTP/1.1\r\n"
            + ([host] + fields).joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// One request without a body, on a connection of its own.
    func answer(
        _ method: String, _ target: String = "/key", _ fields: [String] = []
    ) throws -> RawClient.Answer {
        let client = try client()
        client.send(head(method, target, fields))
        return try client.answer(hasBody: method != "HEAD")
    }
}

extension RawClient.Answer {
    /// The `Code` of S3's error document.
    var errorCode: String? {
        guard !body.isEmpty, let root = try? XMLReader.read(body) else { return nil }
        return root.first("Code")?.string
    }
}
