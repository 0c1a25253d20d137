import Testing
import Transfer

@Suite struct HostileAnswerTests {
    private static let tooManyFields = (0..<300).map { "X\($0): 1\r\n" }.joined()
    private static let endlessField = "X: " + String(repeating: "a", count: 200_000)

    @Test(arguments: [
        "garbage\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 999 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na",
        "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: a\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\u{0}b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na\n0\n\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ])
    func `what is not HTTP 1 is a protocol violation`(_ answer: String) throws {
        let client = try TestClient { peer in
            peer.readHead()
            peer.write(answer)
            peer.readToEnd()
        }
        let failure = client.failure(client.request("GET"))
        #expect(failure?.code == "protocol-violation", "\(String(describing: failure))")
        #expect(client.engine.connectionCount == 0)
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n" + tooManyFields, "fieldCount"),
        ("HTTP/1.1 200 OK\r\n" + endlessField, "headBytes"),
        ("HTTP/1.1 200 " + endlessField, "headBytes"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n", "bytes of a body"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + String(
                    repeating: "4000\r\n\(String(repeating: "a", count: 0x4000))\r\n", count: 80),
            "bytes of a body"
        ),
        (
            "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "a", count: 2_000_000),
            "bytes of a body"
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"
                + String(repeating: "a", count: 10_000), "sizeLineBytes"
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
                + String(repeating: "A: b\r\n", count: 10_000), "trailersBytes"
        ),
        (String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 50), "interim answers"),
    ])
    func `an answer without bounds is refused by the limit's name`(
        _ answer: String, _ limit: String
    ) throws {
        let client = try TestClient { peer in
            peer.readHead()
            peer.write(answer + (limit == "fieldCount" ? "\r\n" : ""))
            peer.readToEnd()
        }
        let failure = client.failure(client.request("GET"))
        #expect(failure?.code == "answer-too-large")
        #expect(failure?.message.contains(limit) == true, "\(failure?.message ?? "")")
    }

    @Test func `bytes after an answer end the connection and reach no other request`() throws {
        let client = try TestClient { peer in
            peer.readHead()
            if peer.number == 0 {
                peer.write(
                    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
                )
                peer.readToEnd()
            } else {
                peer.ok("good")
            }
        }
        #expect(try client.answer(client.request("GET")).body == Array("a".utf8))
        let second = try client.answer(client.request("GET"))
        #expect(String(decoding: second.body, as: UTF8.self) == "good")
        #expect(!second.isConnectionReused)
    }

    @Test(arguments: [
        ("", TransferFailure.closedBeforeAnswer),
        ("HTTP/1.1 200", .closedInsideAnswer),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", .closedInsideAnswer),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
            .closedInsideAnswer
        ),
    ])
    func `a close before the answer's end is told from a whole answer`(
        _ answer: String, _ expected: TransferFailure
    ) throws {
        let client = try TestClient { peer in
            peer.readHead()
            peer.write(answer)
        }
        #expect(client.failure(client.request("GET")) == expected)
        #expect(client.server.accepted == 1)
    }
}
