import NetIO
import Testing

@testable import Transfer

@Suite struct RedirectTests {
    private let payload = Payload(byteCount: 500_000, seed: 5)

    @Test(arguments: [307, 308])
    func `the method and the body are repeated where a redirect leads`(_ status: Int) throws {
        let store = try TestClient { peer in
            let (head, body) = peer.readRequest()
            peer.ok(
                "\(head.split(separator: "\r\n")[0]) \(body.count) \(head.contains("Authorization"))"
            )
        }
        let place = "http://127.0.0.1:\(store.server.port)/users/a%20b?X-Amz-Signature=1#part"
        let edge = try TestClient { peer in
            _ = peer.readRequest()
            peer.write(
                "HTTP/1.1 \(status) Redirect\r\nLocation: \(place)\r\nContent-Length: 0\r\n\r\n")
        }
        let answer = try edge.answer(
            edge.request(
                "PUT", fields: [("Authorization", "Bearer x"), ("X-Kept", "1")],
                body: [BodySlice(payload)], redirectLimit: 1))
        #expect(
            String(decoding: answer.body, as: UTF8.self)
                == "PUT /users/a%20b?X-Amz-Signature=1 HTTP/1.1 500000 false")
        #expect(answer.redirects == 1)
        #expect(answer.bytesSent > 1_000_000)
    }

    @Test func `a redirect instead of 100 Continue sends the body once`() throws {
        let client = try TestClient { peer in
            let head = peer.readHead()
            if head.hasPrefix("PUT /k ") {
                peer.write("HTTP/1.1 307 R\r\nLocation: /stored\r\nContent-Length: 0\r\n\r\n")
                peer.readToEnd()
            } else {
                peer.write("HTTP/1.1 100 Continue\r\n\r\n")
                peer.ok("\(peer.readBody(peer.contentLength(head)).count)")
            }
        }
        let request = client.request(
            "PUT", body: [BodySlice(payload)], expectsContinue: true, redirectLimit: 1)
        let answer = try client.answer(request)
        #expect(String(decoding: answer.body, as: UTF8.self) == "500000")
        #expect(answer.bytesSent < 501_000)
    }

    @Test func `credentials stay within their origin, where they are kept`() throws {
        let client = try TestClient { peer in
            while true {
                let head = peer.readHead()
                guard head != "" else { return }
                if head.hasPrefix("GET /k ") {
                    peer.write("HTTP/1.1 302 R\r\nLocation: there?q\r\nContent-Length: 0\r\n\r\n")
                } else {
                    peer.ok(head)
                }
            }
        }
        let answer = try client.answer(
            client.request("GET", fields: [("authorization", "x")], redirectLimit: 3))
        let head = String(decoding: answer.body, as: UTF8.self)
        #expect(head.hasPrefix("GET /there?q HTTP/1.1\r\nHost: 127.0.0.1:"))
        #expect(head.contains("authorization: x\r\n"))
        #expect(head.hasSuffix("\r\n\r\n"))
        #expect(client.server.accepted == 1)
    }

    @Test(arguments: [
        "Authorization", "cookie", "Proxy-Authorization", "X-Amz-Security-Token",
        "x-aws-ec2-metadata-token", "x-amz-sso_bearer_token",
    ])
    func `no credential goes to another port, host or scheme`(_ name: String) throws {
        let request = Request("GET", "/k", at: origin, fields: [(name, "secret"), ("X-Kept", "1")])
        var following = request
        following.redirectLimit = 5
        for place in [
            "http://a.test:81/k", "http://b.test/k", "https://a.test/k", "//b.test/k",
            "http://a.test.b.test/k", "http://A.test/k",
        ] {
            let next = try #require(
                following.redirected(status: 307, location: place, redirects: 0), "\(place)")
            let head = String(decoding: next.head, as: UTF8.self)
            #expect(!head.contains("secret"), "\(place)")
            #expect(head.contains("X-Kept: 1\r\n"))
        }
        let same = following.redirected(status: 307, location: "http://a.test/x", redirects: 0)
        let head = String(decoding: same?.head ?? [], as: UTF8.self)
        #expect(head.contains("secret"))
        #expect(request.redirected(status: 307, location: "/x", redirects: 0) == nil)
    }

    private let origin = Origin(scheme: .http, host: "a.test")

    @Test(arguments: [
        "http://a.test/", "http://b.test/", "HTTP://a.test/", "ftp://a.test/", "file:///etc/passwd",
        "https://user@b.test/", "https://b.test/\r\nX: 1",
    ])
    func `no redirect gives up TLS, names a user or breaks a line`(_ place: String) {
        let secure = Origin(scheme: .https, host: "a.test")
        #expect(RedirectTarget(place, from: secure, target: "/k") == nil)
    }

    @Test(arguments: [
        ("PUT", 301, "/x", 5), ("POST", 302, "/x", 5), ("PUT", 303, "/x", 5),
        ("PUT", 307, "ftp://127.0.0.1/x", 5), ("PUT", 307, "http://a b/", 5),
        ("PUT", 307, "", 5), ("PUT", 307, "/x", 0), ("PUT", 304, "/x", 5),
    ])
    func `a redirect that is not to be followed is an answer`(
        _ method: String, _ status: Int, _ location: String, _ limit: Int
    ) throws {
        let client = try TestClient { peer in
            _ = peer.readRequest()
            peer.write("HTTP/1.1 \(status) R\r\nLocation: \(location)\r\nContent-Length: 0\r\n\r\n")
        }
        let answer = try client.answer(client.request(method, redirectLimit: limit))
        #expect(answer.status == status)
        #expect(answer.redirects == 0)
    }

    @Test func `redirects in a circle end at the limit`() throws {
        let client = try TestClient { peer in
            while peer.readRequest().head != "" {
                peer.write("HTTP/1.1 307 R\r\nLocation: /k\r\nContent-Length: 0\r\n\r\n")
            }
        }
        let answer = try client.answer(client.request("PUT", redirectLimit: 4))
        #expect(answer.status == 307)
        #expect(answer.redirects == 4)
        #expect(client.server.accepted == 1)
    }
}
