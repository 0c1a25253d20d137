import Testbed
import Testing

/// RFC 9112 as hostile clients try it, over real sockets.
@Suite(.serialized) struct RequestSyntaxTests {
    @Test(arguments: [
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n",
        "GET / HTTP/1.1\r\nX: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET http://user@b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http:///b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / http/1.1\r\nHost: a\r\n\r\n",
        " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nx",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nx",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PUT / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ])
    func `a malformed head is answered 400 and the connection closes`(_ request: String) throws {
        try withServer(echo) { port in
            let client = try RawClient(port: port)
            client.send(request)
            let answer = try client.answer()
            #expect(answer.status == 400)
            #expect(answer.field("Connection") == "close")
            #expect(client.isClosed())
        }
    }

    @Test func `a target that is not UTF-8 is answered 400`() throws {
        try withServer(echo) { port in
            let client = try RawClient(port: port)
            client.send(
                Array("GET /".utf8) + [0xC3, 0x28] + Array(" HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            #expect(try client.answer().status == 400)
        }
    }

    @Test(arguments: [
        "1 1\r\n", "1 \ta\r\n",
        "x\r\n", "\r\n", "-1\r\n", "0x1\r\n", "1\na", "1\r\nab\r\n", "1\r\na\n",
        "ffffffffffffffff\r\n", "1000000000000000\r\n", "1\r\na\r\n0\r\nbad trailer\r\n\r\n",
    ])
    func `bad chunks are answered 400 and the connection closes`(_ body: String) throws {
        try withServer(echo) { port in
            let client = try RawClient(port: port)
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
            #expect(try client.answer().status == 400)
            #expect(client.isClosed())
        }
    }

    @Test(arguments: [
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501),
    ])
    func `what is not spoken here is said so`(_ request: String, _ status: Int) throws {
        try withServer(echo) { port in
            let client = try RawClient(port: port)
            client.send(request)
            #expect(try client.answer().status == status)
            #expect(client.isClosed())
        }
    }

    @Test func `a request line over the limit is answered 414 and names the limit`() throws {
        try withServer(echo) { port in
            let client = try RawClient(port: port)
            let long = String(repeating: "a", count: 20_000)
            client.send("GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try client.answer()
            #expect(answer.status == 414)
            #expect(answer.text.contains("requestLineBytes"))
        }
    }

    @Test func `header fields over the limit are answered 431 before they end`() throws {
        try withServer(echo) { port in
            let client = try RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 20_000))
            let answer = try client.answer()
            #expect(answer.status == 431)
            #expect(answer.text.contains("fieldsBytes"))
            #expect(client.isClosed())
        }
    }

    @Test func `too many header fields are answered 431 and name the limit`() throws {
        try withServer(echo) { port in
            let client = try RawClient(port: port)
            let many = String(repeating: "X: a\r\n", count: 300)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n")
            let answer = try client.answer()
            #expect(answer.status == 431)
            #expect(answer.text.contains("fieldCount"))
        }
    }

    @Test(arguments: [
        ("GET /a//../b%2f?x=%20&y HTTP/1.1\r\nHost: a\r\n\r\n", "GET /a//../b%2f?x=%20&y "),
        ("GET /é\"<|>?q?r HTTP/1.1\r\nHost: a\r\n\r\n", "GET /é\"<|>?q?r "),
        ("GET http://b:80/c?d HTTP/1.1\r\nHost: a\r\n\r\n", "GET /c?d "),
        ("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", "GET /? "),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS *? "),
        ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /? "),
        ("GET / HTTP/1.0\r\n\r\n", "GET /? "),
        ("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "PUT /? abc"),
        ("PUT / HTTP/1.1\r\nhost: [::1]:80\r\nCONTENT-LENGTH:\t3 \r\n\r\nabc", "PUT /? abc"),
        (
            "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "2;a=b\r\nab\r\n01\r\nc\r\n0\r\nT: x\r\n\r\n", "PUT /? abc"
        ),
    ])
    func `what RFC 9112 allows reaches the role as it was sent`(
        _ request: String, _ expected: String
    ) throws {
        try withServer(echo) { port in
            let whole = try RawClient(port: port)
            whole.send(request)
            #expect(try whole.answer().text == expected)

            let piecewise = try RawClient(port: port)
            for byte in request.utf8 { piecewise.send([byte]) }
            #expect(try piecewise.answer().text == expected)
        }
    }
}
