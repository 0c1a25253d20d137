import Foundation
import NetIO
import Testing
import Transfer

@Suite struct ConnectionTests {
    @Test func `connections are kept, and only the first request counts the connecting`() throws {
        let client = try TestClient { peer in
            while peer.readRequest().head != "" { peer.ok() }
        }
        let first = try client.answer(client.request("PUT"))
        let second = try client.answer(client.request("PUT"))
        #expect(!first.isConnectionReused)
        #expect(first.timings.connectNs ?? 0 > 0)
        #expect(first.timings.tlsNs == nil)
        #expect(second.isConnectionReused)
        #expect(second.timings.connectNs == nil)
        #expect(client.server.accepted == 1)
    }

    @Test func `requests at the same time take connections of their own`() throws {
        let client = try TestClient { peer in
            while peer.readRequest().head != "" { peer.ok() }
        }
        let requests = (0..<20).map { client.request("PUT", "/\($0)") }
        for _ in 0..<3 {
            #expect(client.send(requests).allSatisfy { (try? $0.get().status) == 200 })
        }
        #expect(client.server.accepted == 20)
        #expect(client.engine.connectionCount == 20)
    }

    @Test
    func `more requests than may connect at a time wait for their turn, and all are answered`()
        throws
    {
        var configuration = TransferConfiguration.forTests
        configuration.connectingLimit = 2
        let client = try TestClient(configuration: configuration) { peer in
            while peer.readRequest().head != "" { peer.ok() }
        }
        let requests = (0..<20).map { client.request("PUT", "/\($0)") }
        #expect(client.send(requests).allSatisfy { (try? $0.get().status) == 200 })
        #expect(client.server.accepted <= 20)
        client.engine.send(client.request("PUT")) { _ in }
        var ended = 0
        for request in requests { client.engine.send(request) { _ in ended += 1 } }
        client.engine.cancelAll()
        #expect(ended == 20 && client.engine.requestCount == 0)
        #expect(client.failure(client.request("PUT")) == nil)
    }

    @Test func `a kept connection is used again only within its group`() throws {
        let client = try TestClient { peer in
            while peer.readRequest().head != "" { peer.ok("\(peer.number)") }
        }
        let carriers = try [0, 1, 2, 1, 0, 2].map { group in
            var request = client.request("PUT")
            request.connectionGroup = group
            return try client.answer(request).body
        }
        #expect(carriers == ["0", "1", "2", "1", "0", "2"].map { Array($0.utf8) })
        client.engine.closeIdleConnections(ofGroup: 1)
        #expect(client.engine.connectionCount == 2)
        client.engine.closeIdleConnections(ofGroup: 0)
        client.engine.closeIdleConnections(ofGroup: 7)
        #expect(client.engine.connectionCount == 1)
        var request = client.request("PUT")
        request.connectionGroup = 1
        #expect(try !client.answer(request).isConnectionReused)
    }

    @Test func `an idle connection of another group makes room at the limit`() throws {
        var configuration = TransferConfiguration.forTests
        configuration.connectionLimit = 1
        let client = try TestClient(configuration: configuration) { peer in
            while peer.readRequest().head != "" { peer.ok() }
        }
        for group in [1, 2, 0, 3] {
            var request = client.request("PUT")
            request.connectionGroup = group
            #expect(try client.answer(request).status == 200)
            #expect(client.engine.connectionCount == 1)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    ])
    func `a connection that will close is not used again`(_ answer: String) throws {
        let client = try TestClient { peer in
            while peer.readHead() != "" { peer.write(answer) }
        }
        for _ in 0..<2 {
            #expect(try client.answer(client.request("GET")).isConnectionReused == false)
        }
        #expect(client.server.accepted == 2)
    }

    @Test func `HTTP 1_0 with keep-alive is used again`() throws {
        let client = try TestClient { peer in
            while peer.readHead() != "" {
                peer.write(
                    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n")
            }
        }
        _ = try client.answer(client.request("GET"))
        #expect(try client.answer(client.request("GET")).isConnectionReused)
    }

    /// The first connection ends with the second request read but not answered.
    private func clientWithStaleConnection() throws -> TestClient {
        try TestClient { peer in
            _ = peer.readRequest()
            peer.ok("\(peer.number)")
            _ = peer.readRequest()
            if peer.number > 0 { peer.ok("\(peer.number)") }
        }
    }

    @Test func `a PUT on a kept connection that closes unanswered is sent once more`() throws {
        let client = try clientWithStaleConnection()
        let request = client.request("PUT", body: [BodySlice(Payload(byteCount: 100_000, seed: 1))])
        _ = try client.answer(request)
        let second = try client.answer(request)
        #expect(second.retries == 1)
        #expect(!second.isConnectionReused)
        #expect(second.body == Array("1".utf8))
        #expect(second.bytesSent >= Int64(request.head.count + 100_000))
    }

    @Test func `a POST on a kept connection that closes unanswered is not repeated`() throws {
        let client = try clientWithStaleConnection()
        let request = client.request("POST", body: [BodySlice(bytes: [1, 2, 3])])
        _ = try client.answer(request)
        let failure = client.failure(request)
        #expect(failure == .closedBeforeAnswer || failure?.code == "receive-failed")
        #expect(client.server.accepted == 1)
    }

    @Test func `a POST that says that it is repeatable is repeated`() throws {
        let client = try clientWithStaleConnection()
        var request = client.request("POST", body: [BodySlice(bytes: [1, 2, 3])])
        request.isRepeatable = true
        _ = try client.answer(request)
        #expect(try client.answer(request).retries == 1)
    }

    @Test func `a fresh connection that closes unanswered is not tried again`() throws {
        let client = try TestClient { peer in _ = peer.readRequest() }
        #expect(client.failure(client.request("PUT")) == .closedBeforeAnswer)
        #expect(client.server.accepted == 1)
    }

    @Test func `a connection that closed while idle is not used`() throws {
        let client = try TestClient { peer in
            peer.readHead()
            peer.ok()
        }
        _ = try client.answer(client.request("GET"))
        while client.engine.connectionCount > 0 { client.loop.turn() }
        let second = try client.answer(client.request("GET"))
        #expect(second.retries == 0)
        #expect(!second.isConnectionReused)
    }

    @Test func `a connection that was idle for too long is not used`() throws {
        var configuration = TransferConfiguration.forTests
        configuration.reuseWithinNs = -1
        let client = try TestClient(configuration: configuration) { peer in
            while peer.readHead() != "" { peer.ok() }
        }
        _ = try client.answer(client.request("GET"))
        #expect(try client.answer(client.request("GET")).isConnectionReused == false)
        #expect(client.engine.connectionCount == 1)
    }

    @Test func `more connections than the limit are refused by its name`() throws {
        var configuration = TransferConfiguration.forTests
        configuration.connectionLimit = 2
        let client = try TestClient(configuration: configuration) { peer in
            while peer.readHead() != "" { peer.ok() }
        }
        let results = client.send((0..<3).map { _ in client.request("GET") })
        let failures = results.compactMap { result -> TransferFailure? in
            guard case .failure(let failed) = result else { return nil }
            return failed.failure
        }
        #expect(failures == [.tooManyConnections(limit: 2)])
    }

    @Test func `nobody listening is told as a refusal`() throws {
        let client = try TestClient { _ in }
        client.server.stopListening()
        #expect(client.failure(client.request("GET")) == .connectRefused)
    }

    @Test func `a name without an address is told as that`() throws {
        let client = try TestClient { _ in }
        var request = client.request("GET")
        request.origin = Origin(scheme: .http, host: "no-such-name.invalid", port: 80)
        #expect(client.failure(request)?.code == "name-not-resolved")
    }

    @Test func `a name below localhost is this machine`() throws {
        let client = try TestClient { peer in
            peer.ok(peer.readHead().contains("Host: bucket.localhost:") ? "yes" : "no")
        }
        let origin = Origin(scheme: .http, host: "bucket.localhost", port: client.server.port)
        let answer = try client.answer(Request("GET", "/", at: origin))
        #expect(String(decoding: answer.body, as: UTF8.self) == "yes")
    }

    @Test func `a request that would leave the server waiting is not sent`() throws {
        let client = try TestClient { _ in }
        for head in ["", "GET / HTTP/1.1\r\n", " GET / HTTP/1.1\r\n\r\n"] {
            let request = Request(origin: client.origin, head: Array(head.utf8))
            #expect(client.failure(request)?.code == "invalid-request")
        }
        #expect(client.server.accepted == 0)
    }

    @Test func `completions are never called within send, so that chains do not nest`() throws {
        let client = try TestClient { _ in }
        client.engine.close()
        var left = 100_000
        func next() {
            var hasReturned = false
            client.engine.send(client.request("GET")) { result in
                #expect(hasReturned)
                guard case .failure(let failed) = result, failed.failure == .cancelled else {
                    Issue.record("not cancelled")
                    return
                }
                left -= 1
                if left > 0 { next() }
            }
            hasReturned = true
        }
        next()
        while left > 0 { client.loop.turn() }
    }

    @Test func `cancelling ends what is connecting, sending and waiting`() throws {
        let client = try TestClient { peer in peer.readToEnd() }
        var results: [String] = []
        let payload = Payload(byteCount: 1_000_000, seed: 1)
        for _ in 0..<5 {
            client.engine.send(client.request("PUT", body: [BodySlice(payload)])) { result in
                guard case .failure(let failed) = result else { return }
                results.append(failed.failure.code)
            }
        }
        client.loop.turn()
        client.engine.cancelAll()
        #expect(results == Array(repeating: "cancelled", count: 5))
        #expect(client.engine.requestCount == 0)
        #expect(client.engine.connectionCount == 0)
    }

    @Test func `an engine that is let go closes its connections, under way or not`() throws {
        let server = try ScriptedServer { peer in
            if peer.readHead() != "" { peer.ok() }
            peer.readToEnd()
        }
        defer { server.stopListening() }
        let loop = try EventLoop()
        var engine: TransferEngine? = try TransferEngine(
            loop: loop, configuration: TransferConfiguration())
        let origin = Origin(scheme: .http, host: "127.0.0.1", port: server.port)
        var answers = 0
        for _ in 0..<3 { engine?.send(Request("GET", "/", at: origin)) { _ in answers += 1 } }
        while answers < 3 { loop.turn() }
        engine?.send(Request("GET", "/", at: origin)) { _ in answers += 1 }
        engine = nil
        loop.schedule(afterNs: 1_000_000) {}
        loop.turn()
        #expect(answers == 3)
    }

    @Test func `a proxy is passed by a tunnel, and sees the request as the server would`() throws {
        let server = try ScriptedServer { peer in
            let tunnel = peer.readHead()
            peer.write("HTTP/1.1 200 OK\r\n\r\n")
            let head = peer.readHead()
            peer.ok(tunnel.prefix { $0 != "\r\n" } + "|" + head.prefix { $0 != "\r\n" })
        }
        defer { server.stopListening() }
        var configuration = TransferConfiguration.forTests
        configuration.proxy = server.url
        let client = try TestClient(configuration: configuration) { _ in }
        let origin = Origin(scheme: .http, host: "store.invalid", port: 80)
        let answer = try client.answer(Request("PUT", "/k", at: origin))
        #expect(
            String(decoding: answer.body, as: UTF8.self)
                == "CONNECT store.invalid:80 HTTP/1.1|PUT /k HTTP/1.1")
    }
}
