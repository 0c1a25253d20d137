import Foundation
import NetIO
import Presign
import Testing

@testable import Testbed

/// The edge, which answers from the head alone.
@Suite(.serialized, .timeLimit(.minutes(2))) struct EdgeTests {
    private static let token = "a-token-for-tests"

    private func withEdge(
        token: String? = token, _ change: (inout EdgeConfiguration) -> Void = { _ in },
        test: (Int) throws -> Void
    ) throws {
        let gateway = GatewayConfiguration(
            bucket: "uploads", region: "us-east-1", credentials: testCredentials,
            store: ListenAddress(port: 4711), token: token, now: { testTime })
        var configuration = EdgeConfiguration(gateway: gateway)
        change(&configuration)
        let made = configuration
        let edge = try RoleServer(
            name: "edge", address: ListenAddress(), limits: made.serverLimits
        ) { try EdgeHandler(made, loop: $0) }
        defer { edge.stop() }
        try test(edge.port)
    }

    private func head(_ line: String, _ fields: [String] = [], token: String? = token) -> String {
        let bearer = token.map { ["Authorization: Bearer \($0)"] } ?? []
        let all = [line + " HTTP/1.1", "Host: 127.0.0.1"] + bearer + fields
        return all.joined(separator: "\r\n") + "\r\n\r\n"
    }

    private func answer(_ port: Int, _ head: String) throws -> RawClient.Answer {
        let client = try RawClient(port: port)
        client.send(head)
        return try client.answer(hasBody: !head.hasPrefix("HEAD"))
    }

    // MARK: The redirect

    @Test(arguments: [
        ("/cat.JPG", "\\.jpg"), ("/a%20b.tar.gz", "\\.gz"), ("/plain", ""),
        ("/..%2F..%2Fx.png", "\\.png"),
    ])
    func `a file is sent to a new key of its user`(_ path: String, _ ending: String) throws {
        try withEdge { port in
            let fields = ["Content-Type: image/png", "Content-Length: 0"]
            let answer = try answer(port, head("PUT \(path)", fields))
            #expect(answer.status == 307)
            #expect(answer.body.isEmpty)
            #expect(answer.field("Access-Control-Allow-Origin") == "*")
            #expect(answer.field("Cache-Control") == "no-store")
            let location = try #require(answer.field("Location"))
            let uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
            let wanted = try Regex(
                "http://127\\.0\\.0\\.1:4711/uploads/users/bench/\(uuid)\(ending)\\?X-Amz-[^ ]+")
            #expect(location.wholeMatch(of: wanted) != nil, "\(location)")
        }
    }

    @Test(arguments: [
        ("Content-Type: image/png", "image/png"), ("X: y", "application/octet-stream"),
    ])
    func `the type that the client sends is signed`(_ field: String, _ type: String) throws {
        try withEdge { port in
            let answer = try answer(port, head("PUT /a", [field, "Content-Length: 0"]))
            let location = try #require(answer.field("Location"))
            let parts = try #require(URLComponents(string: location))
            let path = parts.percentEncodedPath
            let store = try StoreClient()
            let sent = { (type: String) in
                store.send(
                    "PUT", path + "?" + (parts.percentEncodedQuery ?? ""), host: "127.0.0.1:4711",
                    headers: [("Content-Type", type)], body: Array("abc".utf8)
                ).status
            }
            #expect(sent("text/html") == 403)
            #expect(sent(type) == 200)
        }
    }

    @Test func `the answer comes instead of the 100`() throws {
        try withEdge { port in
            let fields = ["Content-Length: 1000000", "Expect: 100-continue"]
            let answer = try answer(port, head("PUT /a", fields))
            #expect(answer.status == 307)
        }
    }

    @Test func `a body that is sent all the same is drained, and the connection stays`() throws {
        try withEdge { port in
            let client = try RawClient(port: port)
            for _ in 0..<2 {
                client.send(head("PUT /a", ["Content-Length: 4000000"]))
                client.send([UInt8](repeating: 7, count: 4_000_000))
                #expect(try client.answer().status == 307)
            }
        }
    }

    @Test func `the function takes its time`() throws {
        try withEdge {
            $0.service = ServiceTime(meanNs: 80_000_000)
        } test: { port in
            let started = ContinuousClock.now
            let answer = try answer(port, head("PUT /a", ["Content-Length: 0"]))
            #expect(answer.status == 307)
            #expect(ContinuousClock.now - started >= .milliseconds(80))
        }
    }

    // MARK: Refusals

    @Test(arguments: [nil, "", "another-token-here", "a-token-for-test", "a-token-for-testsX"])
    func `a wrong token is refused`(_ token: String?) throws {
        try withEdge { port in
            let answer = try answer(port, head("PUT /a", ["Content-Length: 0"], token: token))
            #expect(answer.status == 401)
            #expect(answer.field("Location") == nil)
        }
    }

    @Test func `an open edge asks for none`() throws {
        try withEdge(token: nil) { port in
            let answer = try answer(port, head("PUT /a", ["Content-Length: 0"], token: nil))
            #expect(answer.status == 307)
            #expect(answer.field("Location")?.contains("/users/anonymous/") == true)
        }
    }

    @Test func `a preflight needs no token`() throws {
        try withEdge { port in
            let fields = ["Origin: https://a.example", "Access-Control-Request-Method: PUT"]
            let answer = try answer(port, head("OPTIONS /a", fields, token: nil))
            #expect(answer.status == 204)
            #expect(answer.field("Access-Control-Allow-Methods")?.contains("PUT") == true)
            let allowed = answer.field("Access-Control-Allow-Headers") ?? ""
            #expect(allowed.contains("authorization") && allowed.contains("content-type"))
        }
    }

    @Test(arguments: [
        ("POST /a", "Content-Length: 0", 403), ("GET /a", "X: y", 403), ("DELETE /a", "X: y", 403),
        ("GET /a", "Content-Length: 3", 403), ("PUT /", "Content-Length: 0", 400),
        ("PUT /a", "Content-Type: nonsense", 400), ("PUT /a", "Content-Length: 101", 413),
        ("PUT /a", "Content-Length: 100", 307), ("PUT /a", "Transfer-Encoding: chunked", 307),
    ])
    func `what the edge does not take is refused from the head`(
        _ line: String, _ field: String, _ status: Int
    ) throws {
        try withEdge {
            $0.bodyBytes = 100
        } test: { port in
            let answer = try answer(port, head(line, [field]))
            #expect(answer.status == status)
        }
    }

    @Test(arguments: [(8_192, 307), (8_193, 413), (16_000, 413)])
    func `a URL has a limit`(_ bytes: Int, _ status: Int) throws {
        try withEdge { port in
            let query = "?q=" + String(repeating: "x", count: bytes - 5)
            let answer = try answer(port, head("PUT /a\(query)", ["Content-Length: 0"]))
            #expect(answer.status == status)
        }
    }

    @Test(arguments: [(20_480, 307), (20_481, 413), (40_000, 413)])
    func `a head has a limit`(_ bytes: Int, _ status: Int) throws {
        try withEdge { port in
            // Two fields, as one alone may have a limit of its own.
            let empty = head("PUT /a", ["Content-Length: 0", "X-A: ", "X-B: "])
            let fill = bytes - empty.utf8.count
            let fields = [
                "Content-Length: 0", "X-A: " + String(repeating: "x", count: fill / 2),
                "X-B: " + String(repeating: "x", count: fill - fill / 2),
            ]
            let whole = head("PUT /a", fields)
            #expect(whole.utf8.count == bytes)
            let answer = try answer(port, whole)
            #expect(answer.status == status)
        }
    }
}
