import Testbed
import Testing

/// The API in front of the store, as its clients see it.
@Suite(.serialized) struct GatewayTests {
    @Test(arguments: [
        [], ["Authorization: Bearer wrong"], ["Authorization: Bearer "],
        ["Authorization: Basic eA=="],
        ["Authorization: \(GatewayFixture.token)"],
        ["Authorization: Bearer \(GatewayFixture.token)x"],
    ])
    func `a request without the token is answered 401`(_ headers: [String]) throws {
        try GatewayFixture.run { gateway in
            for (method, target) in [
                ("GET", "/signed-url"), ("GET", "/signed-post"), ("POST", "/reviews"),
            ] {
                let answer = try gateway.call(method, target, headers: headers)
                #expect(answer.status == 401)
                #expect(answer.text == #"{"message":"Unauthorized"}"#)
                #expect(answer.field("Access-Control-Allow-Origin") == "*")
            }
        }
    }

    @Test func `the scheme of the token has no case`() throws {
        try GatewayFixture.run { gateway in
            let headers = ["authorization: bearer \(GatewayFixture.token)"]
            let answer = try gateway.call("GET", "/signed-url", headers: headers)
            #expect(answer.status == 200)
        }
    }

    @Test func `an open gateway asks for no token`() throws {
        try GatewayFixture.run(token: nil) { gateway in
            let answer = try gateway.call("GET", "/signed-url", headers: [])
            #expect(answer.status == 200)
            #expect(answer.text.hasPrefix(#"{"id":"users/anonymous/"#))
        }
    }

    @Test(arguments: [
        ("POST", "/"), ("GET", "/signed-url/"), ("POST", "/signed-url"), ("GET", "/reviews"),
        ("DELETE", "/reviews"), ("GET", "/SIGNED-URL"),
    ])
    func `an unknown route is answered 404, with or without the token`(
        _ method: String, _ target: String
    ) throws {
        try GatewayFixture.run { gateway in
            let answer = try gateway.call(method, target)
            #expect(answer.status == 404)
            #expect(answer.text == #"{"message":"Not Found"}"#)
            #expect(try gateway.call(method, target, headers: []).status == 404)
        }
    }

    @Test func `a preflight needs no token and allows what the API takes`() throws {
        try GatewayFixture.run { gateway in
            let answer = try gateway.call(
                "OPTIONS", "/reviews",
                headers: [
                    "Origin: https://example.com", "Access-Control-Request-Method: POST",
                    "Access-Control-Request-Headers: authorization,content-type",
                ])
            #expect(answer.status == 204)
            #expect(answer.field("Access-Control-Allow-Origin") == "*")
            #expect(answer.field("Access-Control-Allow-Methods")?.contains("POST") == true)
            #expect(
                answer.field("Access-Control-Allow-Headers")
                    == "authorization, content-type, idempotency-key")
        }
    }

    @Test(arguments: [
        ("photo.JPG", ".jpg"), ("a.b.png", ".png"), ("none", ""), (".hidden", ""), ("x.", ""),
        ("evil.a%2F..%2Fb", ""), ("x.%C3%A9", ""), ("x.averyveryverylong", ""), ("", ""),
    ])
    func `a key is the user, a new UUID and a plain extension`(
        _ filename: String, _ suffix: String
    ) throws {
        try GatewayFixture.run { gateway in
            let first = try gateway.permission("/signed-url?filename=\(filename)").key
            let second = try gateway.permission("/signed-post?filename=\(filename)").key
            #expect(first != second)
            for key in [first, second] {
                #expect(key.hasPrefix("users/bench/"))
                let name = key.dropFirst("users/bench/".count)
                #expect(name.prefix(36).split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
                #expect(name.dropFirst(36) == suffix)
            }
        }
    }

    @Test func `a signed form carries its fields and the limit it was asked for`() throws {
        try GatewayFixture.run { gateway in
            let permission = try gateway.permission(
                "/signed-post?contentType=image%2Fpng&maxBytes=5")
            let fields = try #require(permission.data["fields"] as? [String: String])
            #expect(fields["key"] == permission.key)
            #expect(fields["Content-Type"] == "image/png")
            #expect((permission.data["url"] as? String)?.hasSuffix("/uploads") == true)
            #expect(try post(fields, [1, 2, 3], gateway) == 204)
            #expect(try post(fields, [1, 2, 3, 4, 5, 6], gateway) == 400)
        }
    }

    @Test func `a signed form refuses a file under the least size that it was asked for`() throws {
        try GatewayFixture.run { gateway in
            let permission = try gateway.permission("/signed-post?minBytes=4&maxBytes=5")
            let fields = try #require(permission.data["fields"] as? [String: String])
            #expect(try post(fields, [1, 2, 3, 4], gateway) == 204)
            #expect(try post(fields, [1, 2, 3], gateway) == 400)
        }
    }

    private func post(
        _ fields: [String: String], _ file: [UInt8], _ gateway: GatewayFixture
    ) throws -> Int {
        var body: [UInt8] = []
        for (name, value) in fields {
            let part = "--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
            body += Array(part.utf8)
        }
        body += Array("--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n".utf8)
        body += file + Array("\r\n--b--\r\n".utf8)
        let client = try RawClient(port: gateway.storePort)
        let head =
            "POST /uploads HTTP/1.1\r\nHost: 127.0.0.1:\(gateway.storePort)\r\n"
            + "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: \(body.count)\r\n\r\n"
        client.send(Array(head.utf8) + body)
        return try client.answer().status
    }

    @Test(arguments: [
        "/signed-url?contentType=nothing", "/signed-url?contentType=a%0D%0Ab%2Fc",
        "/signed-post?maxBytes=-1", "/signed-post?maxBytes=x", "/signed-post?maxBytes=5368709121",
        "/signed-post?minBytes=-1", "/signed-post?minBytes=6&maxBytes=5",
    ])
    func `parameters that make no sense are answered 400`(_ target: String) throws {
        try GatewayFixture.run { gateway in
            let answer = try gateway.call("GET", target)
            #expect(answer.status == 400)
            #expect(answer.message == "Invalid request parameters")
        }
    }

    @Test func `a gateway on all addresses signs for the name that its client used`() throws {
        try GatewayFixture.run(host: "0.0.0.0") { gateway in
            #expect(gateway.testbed.storeURL == "http://127.0.0.1:\(gateway.storePort)")
            let client = try RawClient(port: gateway.gatewayPort)
            client.send(
                "GET /signed-url HTTP/1.1\r\nHost: uploads.example:99\r\n"
                    + "Authorization: Bearer \(GatewayFixture.token)\r\n\r\n")
            let text = try client.answer().text
            #expect(text.contains("http://uploads.example:\(gateway.storePort)/uploads/users/"))
            let key = try gateway.upload([1], contentType: "text/plain")
            #expect(try gateway.review(key: key).status == 201)
        }
    }
}
