import Foundation
import NetIO
import Testing

@testable import Testbed

/// A store that is gone, silent, slow or confused.
@Suite(.serialized, .timeLimit(.minutes(2))) struct AccelerateFailureTests {
    private static let enabled =
        "HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n<a><Status>Enabled</Status></a>"

    /// Answers for the bucket's state, and leaves the rest to `store`.
    private func withPeer(
        limits: UpstreamLimits = UpstreamLimits(),
        _ store: @escaping @Sendable (PeerConnection, String) -> Void,
        test: (AccelerateFixture) throws -> Void
    ) throws {
        let peer = try ScriptedPeer { connection in
            while true {
                let head = connection.readHead()
                guard head.hasPrefix("GET /?accelerate ") else {
                    if !head.isEmpty { store(connection, head) }
                    return
                }
                connection.write(Self.enabled)
            }
        }
        defer { peer.stop() }
        try AccelerateFixture.run(upstreamPort: peer.port, limits: limits, test: test)
    }

    @Test func `a store that is gone is answered 502`() throws {
        let store = try RoleServer(name: "store", address: ListenAddress()) {
            ClosureHandler($0, refuseAtOnce)
        }
        store.stop()
        try AccelerateFixture.run(upstreamPort: store.port) { role in
            let answer = try role.answer("PUT", "/key", ["Content-Length: 0"])
            #expect(answer.status == 502)
            #expect(answer.errorCode == "BadGateway")
        }
    }

    @Test func `a store that ends the connection is answered 502`() throws {
        try withPeer { connection, _ in
            connection.reset()
        } test: { role in
            let answer = try role.answer("POST", "/key", ["Content-Length: 0"])
            #expect(answer.status == 502)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
    ])
    func `nonsense of the store is answered 502`(_ nonsense: String) throws {
        try withPeer { connection, _ in
            connection.write(nonsense)
            connection.readToEnd()
        } test: { role in
            let answer = try role.answer("GET")
            #expect(answer.status == 502)
        }
    }

    @Test func `a silent store is answered 504`() throws {
        var limits = UpstreamLimits()
        limits.silenceNs = 50_000_000
        try withPeer(limits: limits) { connection, _ in
            connection.readToEnd()
        } test: { role in
            let answer = try role.answer("GET")
            #expect(answer.status == 504)
            #expect(answer.errorCode == "GatewayTimeout")
        }
    }

    @Test func `a refusal of HEAD has no body`() throws {
        var limits = UpstreamLimits()
        limits.silenceNs = 50_000_000
        try withPeer(limits: limits) { connection, _ in
            connection.readToEnd()
        } test: { role in
            let client = try role.client()
            client.send(role.head("HEAD"))
            let answer = try client.answer(hasBody: false)
            #expect(answer.status == 504)
            client.send(role.head("HEAD"))
            let next = try client.answer(hasBody: false)
            #expect(next.status == 504)
        }
    }

    @Test func `an answer that breaks off cuts the client's connection`() throws {
        try withPeer { connection, _ in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            connection.write(pattern(60_000))
        } test: { role in
            let client = try role.client()
            client.send(role.head("GET"))
            let head = try client.answer(hasBody: false)
            #expect(head.status == 200)
            let first = try client.take(count: 60_000)
            #expect(first == pattern(60_000))
            #expect(client.isClosed())
        }
    }

    @Test func `a client that stops reading ends the way from the store`() throws {
        let isOver = DispatchSemaphore(value: 0)
        try withPeer { connection, _ in
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(1 << 30)\r\n\r\n")
            let piece = [UInt8](repeating: 7, count: 1 << 20)
            while connection.write(piece) {}
            isOver.signal()
        } test: { role in
            let client = try role.client()
            client.send(role.head("GET"))
            let first = try client.take(count: 100_000)
            #expect(first.count == 100_000)
            client.reset()
            #expect(isOver.wait(timeout: .now() + 10) == .success)
        }
    }

    /// The buffers of the kernel hold some megabytes on each of the two connections; the role itself
    /// holds a bound that the upstream tests check.
    @Test func `a slow store slows its client down`() throws {
        let pieces = 2_048
        let mayRead = DispatchSemaphore(value: 0)
        try withPeer { connection, _ in
            mayRead.wait()
            for number in 0..<pieces where connection.readBody(65_536) != numberedPiece(number) {
                return
            }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        } test: { role in
            let client = try role.client()
            client.send(role.head("PUT", "/key", ["Content-Length: \(pieces * 65_536)"]))
            let body = numberedPieces(pieces)
            var sent = 0
            // Until nothing has gone out for a while, though there is more.
            while sent < body.count, client.canSend(withinMilliseconds: 300) {
                let count = client.sendNow(Array(body[sent..<min(sent + 65_536, body.count)]))
                guard count > 0 else { break }
                sent += count
            }
            #expect(sent < body.count / 2)
            mayRead.signal()
            #expect(client.send(Array(body[sent...])))
            let answer = try client.answer()
            #expect(answer.text == "ok")
        }
    }
}
