import Presign
import Testbed
import Testing

/// An upload counts once the API has looked at it.
@Suite(.serialized) struct ReviewTests {
    private static let zeros = [UInt8](repeating: 0, count: 2_000)

    /// A content type, and the first bytes of a file that has it.
    private static let files: [(String, [UInt8])] = [
        ("image/jpeg", [0xFF, 0xD8, 0xFF, 0xE0]),
        ("image/png", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]),
        ("image/gif", Array("GIF89a".utf8)),
        ("image/gif", Array("GIF87a".utf8)),
        ("image/webp", Array("RIFFxxxxWEBPVP8 ".utf8)),
        ("application/pdf", Array("%PDF-1.7".utf8)),
        ("video/mp4", [0, 0, 0, 0x18] + Array("ftypisom".utf8)),
        ("application/zip", [0x50, 0x4B, 0x03, 0x04]),
        ("application/octet-stream", [1, 2, 3]),
        ("image/svg+xml", Array("<svg/>".utf8)),
        ("image/jpeg; charset=x", [0xFF, 0xD8, 0xFF, 0xE0]),
    ]

    @Test(arguments: files)
    func `a file that is what it says gets a review`(_ type: String, _ start: [UInt8]) throws {
        try GatewayFixture.run { gateway in
            let key = try gateway.upload(start + Self.zeros, contentType: type)
            let answer = try gateway.review(key: key)
            #expect(answer.status == 201, "\(answer.text)")
            let object = try #require(try answer.json())
            #expect((object["reviewId"] as? String)?.count == 36)
            #expect(object["contentType"] as? String == type)
            #expect(object["size"] as? Int == start.count + 2_000)
        }
    }

    @Test(arguments: [
        "image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf", "video/mp4",
        "application/zip", "IMAGE/JPEG",
    ])
    func `a file that lies about its type is refused and deleted`(_ type: String) throws {
        try GatewayFixture.run { gateway in
            for bytes in [Array("<html><script>".utf8), [], [0xFF]] {
                let key = try gateway.upload(bytes, contentType: type)
                let answer = try gateway.review(key: key)
                #expect(answer.status == 415)
                #expect(answer.message?.isEmpty == false)
                #expect(try gateway.review(key: key).status == 404)
            }
        }
    }

    @Test func `an empty file of no particular type gets a review`() throws {
        try GatewayFixture.run { gateway in
            let key = try gateway.upload([], contentType: "text/plain")
            let answer = try gateway.review(key: key)
            #expect(answer.status == 201, "\(answer.text)")
            let object = try #require(try answer.json())
            #expect(object["size"] as? Int == 0)
        }
    }

    @Test(arguments: [
        ("uploads", "users/bench/none", 404),
        ("uploads", "users/other/x", 403), ("uploads", "users/bench", 403), ("uploads", "x", 403),
        ("uploads", "/users/bench/x", 403), ("other", "users/bench/x", 403), ("uploads", "", 400),
        ("uploads", "users/bench/" + String(repeating: "k", count: 1_013), 400),
        ("uploads", #"users/bench/..\/..\/é\u0000\n?#%"#, 404),
    ])
    func `only an object of the token's user is looked at`(
        _ bucket: String, _ key: String, _ status: Int
    ) throws {
        try GatewayFixture.run { gateway in
            let answer = try gateway.review(key: key, bucket: bucket)
            #expect(answer.status == status)
        }
    }

    @Test(arguments: [
        "", "{", "null", "[]", "{}", #"{"bucket":1,"key":"k"}"#, #"{"bucket":"uploads"}"#, "\u{0}",
        String(repeating: "[", count: 10_000), String(repeating: #"{"a":"#, count: 3_000),
        #"{"bucket":"uploads","key":"users/bench/x"} trailing"#,
    ])
    func `a body that is no review is answered 400`(_ body: String) throws {
        try GatewayFixture.run { gateway in
            let answer = try gateway.call("POST", "/reviews", body: body)
            #expect(answer.status == 400)
        }
    }

    @Test func `a body over the limit is answered 413 and names it`() throws {
        try GatewayFixture.run { gateway in
            let answer = try gateway.call(
                "POST", "/reviews", body: String(repeating: " ", count: 20_000))
            #expect(answer.status == 413)
            #expect(answer.message?.contains("16384") == true)
        }
    }

    @Test func `many reviews share the gateway's connections to the store`() throws {
        try GatewayFixture.run { gateway in
            let key = try gateway.upload([1, 2, 3], contentType: "text/plain")
            let body = #"{"bucket":"uploads","key":"\#(key)"}"#
            let request =
                "POST /reviews HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(GatewayFixture.token)\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            let clients = try (0..<20).map { _ in try RawClient(port: gateway.gatewayPort) }
            for _ in 0..<10 {
                for client in clients { client.send(request) }
                for client in clients { #expect(try client.answer().status == 201) }
            }
        }
    }

    @Test func `a store that is gone is answered 502`() throws {
        let store = try RoleServer(name: "store", address: ListenAddress()) {
            ClosureHandler($0, refuseAtOnce)
        }
        let configuration = GatewayConfiguration(
            bucket: "uploads", region: "us-east-1",
            credentials: .init(accessKey: "a", secretKey: "b"),
            store: ListenAddress(port: store.port), token: nil,
            now: { .init(unixSeconds: 1_700_000_000) })
        let gateway = try RoleServer(name: "gateway", address: ListenAddress()) {
            try GatewayHandler(configuration, loop: $0)
        }
        defer { gateway.stop() }
        store.stop()
        let client = try RawClient(port: gateway.port)
        let body = #"{"bucket":"uploads","key":"users/anonymous/x"}"#
        client.send(
            "POST /reviews HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        let answer = try client.answer()
        #expect(answer.status == 502)
        #expect(answer.text == #"{"message":"Internal server error"}"#)
    }
}
