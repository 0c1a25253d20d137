import NetIO
import Testing
import Transfer

@Suite(.serialized) struct TimeoutTests {
    private static let millisecond: Int64 = 1_000_000

    @Test func `a server that never answers ends by the idle time-out`() throws {
        let client = try TestClient { peer in peer.readToEnd() }
        var request = client.request("GET")
        request.timeouts.idleNs = 50 * Self.millisecond
        expect(client.send(request), .idleTimedOut, atMs: 50)
    }

    @Test func `a server that reads no body ends by the idle time-out`() throws {
        let client = try TestClient { peer in
            peer.readHead()
            peer.readHead()
        }
        var request = client.request(
            "PUT", body: [BodySlice(bytes: [UInt8](repeating: 7, count: 64 << 20))])
        request.timeouts.idleNs = 100 * Self.millisecond
        guard case .failure(let failed) = client.send(request) else { return }
        #expect(failed.failure == .idleTimedOut)
    }

    @Test func `a server that drips ends by the total time-out`() throws {
        let client = try TestClient { peer in
            peer.readHead()
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n")
            for _ in 0..<900_000 { peer.write("a") }
            peer.readToEnd()
        }
        var request = client.request("GET")
        request.timeouts.idleNs = 2_000 * Self.millisecond
        request.timeouts.totalNs = 40 * Self.millisecond
        expect(client.send(request), .totalTimedOut, atMs: 40)
    }

    @Test func `a connection that is never made ends by the connect time-out`() throws {
        let client = try TestClient { _ in }
        // 192.0.2.0/24 belongs to nobody (RFC 5737); where it is refused at once, that is told.
        let origin = Origin(scheme: .http, host: "192.0.2.1", port: 81)
        var request = Request("GET", "/", at: origin)
        request.timeouts.connectNs = 50 * Self.millisecond
        let failure = client.failure(request)
        #expect(failure == .connectTimedOut || failure?.code.hasPrefix("connect") == true)
    }

    @Test func `TLS with a server that says nothing ends by the connect time-out`() throws {
        let client = try TestClient { peer in peer.readToEnd() }
        let origin = Origin(scheme: .https, host: "127.0.0.1", port: client.server.port)
        var request = Request("GET", "/", at: origin)
        request.timeouts.connectNs = 60 * Self.millisecond
        expect(client.send(request), .connectTimedOut, atMs: 60)
        #expect(client.engine.connectionCount == 0)
    }

    @Test func `what times out leaves the others alone`() throws {
        let client = try TestClient { peer in
            if peer.readHead().contains("/slow") { peer.readToEnd() } else { peer.ok() }
        }
        var slow = client.request("GET", "/slow")
        slow.timeouts.idleNs = 30 * Self.millisecond
        let results = client.send([slow, client.request("GET"), client.request("GET")])
        #expect((try? results[0].get()) == nil)
        #expect(try results[1].get().status == 200)
        #expect(try results[2].get().status == 200)
    }

    private func expect(
        _ result: Result<Answer, FailedTransfer>, _ failure: TransferFailure, atMs: Int64
    ) {
        guard case .failure(let failed) = result else {
            Issue.record("there was an answer")
            return
        }
        #expect(failed.failure == failure)
        let elapsed = failed.timings.endedNs - failed.timings.startedNs
        #expect(elapsed >= atMs * Self.millisecond)
        #expect(elapsed < (atMs + 3_000) * Self.millisecond)
    }
}
