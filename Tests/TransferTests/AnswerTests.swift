import NetIO
import Testing
import Transfer

@Suite struct AnswerTests {
    @Test func `a request arrives byte by byte as it was made`() throws {
        let payload = Payload(byteCount: 3_000_001, seed: 7)
        let head = Array("--a\r\n".utf8)
        let tail = Array("\r\n--a--\r\n".utf8)
        let all = head + withExtendedLifetime(payload) { Array(payload.buffer) } + tail
        let client = try TestClient { peer in
            let (head, body) = peer.readRequest()
            peer.ok("\(head.utf8.count) \(body == all)")
        }
        let request = client.request(
            "PUT", body: [BodySlice(bytes: head), BodySlice(payload), BodySlice(bytes: tail)])
        let answer = try client.answer(request)
        #expect(String(decoding: answer.body, as: UTF8.self) == "\(request.head.count) true")
        #expect(answer.bytesSent == Int64(request.head.count + all.count))
    }

    @Test func `more pieces than one call takes are all sent, empty ones too`() throws {
        let client = try TestClient { peer in
            peer.ok(String(decoding: peer.readRequest().body, as: UTF8.self))
        }
        let pieces = (0..<40).map { $0 % 3 == 0 ? "" : "piece \($0);" }
        let body = pieces.map { BodySlice(bytes: Array($0.utf8)) }
        let answer = try client.answer(client.request("PUT", body: body))
        #expect(String(decoding: answer.body, as: UTF8.self) == pieces.joined())
    }

    @Test func `the part of a payload that a slice names is sent`() throws {
        let client = try TestClient { peer in
            peer.ok(String(decoding: peer.readRequest().body, as: UTF8.self))
        }
        let payload = Payload(Array("0123456789".utf8))
        let body = [BodySlice(payload, range: 2..<5), BodySlice(payload, range: 8..<99)]
        let answer = try client.answer(client.request("PUT", body: body))
        #expect(String(decoding: answer.body, as: UTF8.self) == "23489")
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello", "hello"),
        ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", ""),
        ("HTTP/1.1 204 No Content\r\n\r\n", ""),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", ""),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", ""),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=\"y\"\r\nllo\r\n0\r\n\r\n",
            "hello"
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n", ""),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "ok"
        ),
    ])
    func `an answer is read whole, in one piece and byte by byte`(
        _ answer: String, _ body: String
    ) throws {
        let client = try TestClient { peer in
            while peer.readHead() != "" {
                peer.write(answer)
                guard peer.readHead() != "" else { return }
                for byte in answer.utf8 { peer.write([byte]) }
            }
        }
        for _ in 0..<2 {
            let answer = try client.answer(client.request("GET"))
            #expect(String(decoding: answer.body, as: UTF8.self) == body)
            #expect(answer.timings.firstByteNs >= answer.timings.sendStartNs)
            #expect(answer.timings.endedNs >= answer.timings.firstByteNs)
        }
        #expect(client.server.accepted == 1)
    }

    @Test func `an answer without a length ends with its connection`() throws {
        let client = try TestClient { peer in
            peer.readHead()
            peer.write("HTTP/1.1 200 OK\r\n\r\nall of")
            peer.write(" it")
        }
        let answer = try client.answer(client.request("GET"))
        #expect(String(decoding: answer.body, as: UTF8.self) == "all of it")
        #expect(client.engine.connectionCount == 0)
    }

    @Test func `the answer to HEAD has no body whatever its length says`() throws {
        let client = try TestClient { peer in
            peer.readHead()
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            peer.readHead()
            peer.ok("next")
        }
        let head = try client.answer(client.request("HEAD"))
        #expect(head.body.isEmpty)
        #expect(head.headers.first("content-LENGTH") == "1000")
        let next = try client.answer(client.request("GET"))
        #expect(next.isConnectionReused)
        #expect(String(decoding: next.body, as: UTF8.self) == "next")
    }

    @Test func `header fields keep their order and compare without case`() throws {
        let client = try TestClient { peer in
            peer.readHead()
            peer.write("HTTP/1.1 200 OK\r\nB: 1\r\na:  x \r\nb: 2\r\nContent-Length: 0\r\n\r\n")
        }
        let headers = try client.answer(client.request("GET")).headers
        #expect(headers.map(\.name) == ["B", "a", "b", "Content-Length"])
        #expect(headers.all("B") == ["1", "2"])
        #expect(headers.first("A") == "x")
        #expect(headers.first("missing") == nil)
    }
}
