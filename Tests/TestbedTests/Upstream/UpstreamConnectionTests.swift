import Foundation
import Glibc
import NetIO
import Synchronization
import Testing

@testable import Testbed

/// How connections to another role are kept, and what happens when one of them is gone.
@Suite(.serialized) struct UpstreamConnectionTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Test func `a connection carries one request after the other`() throws {
        try UpstreamFixture.run { peer in
            while !peer.readHead().isEmpty { peer.write(Self.ok) }
        } test: { fixture in
            for _ in 0..<5 { try fixture.expect("ok") }
            #expect(fixture.peer.accepted == 1)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n",
    ])
    func `a connection that cannot be used again is closed`(_ text: String) throws {
        try UpstreamFixture.run { peer in
            peer.readHead()
            peer.write(text)
        } test: { fixture in
            try fixture.expect("ok")
            #expect(fixture.client.idleCount == 0)
            try fixture.expect("ok")
            #expect(fixture.peer.accepted == 2)
        }
    }

    // MARK: Stale connections

    /// The first connection answers one request, and ends at the second; later ones answer.
    @Sendable private static func endAtSecond(_ peer: PeerConnection) {
        peer.readHead()
        if peer.number == 0 {
            peer.write(ok)
            peer.readHead()
            return peer.reset()
        }
        let body = peer.readBody(10)
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n")
        peer.write(body)
    }

    @Test(arguments: ["GET", "PUT", "DELETE"])
    func `a request on a connection that just ended is sent again`(_ method: String) throws {
        try UpstreamFixture.run(script: Self.endAtSecond) { fixture in
            try fixture.expect("ok")
            var result: Result<UpstreamAnswer, SystemError>?
            let head = fixture.head(method, "Content-Length: 10\r\n")
            let exchange = fixture.client.open(head) { result = $0 }
            exchange.write(Array("01234".utf8))
            try fixture.turn { fixture.peer.accepted == 2 }
            exchange.write(Array("56789".utf8))
            exchange.finish()
            try fixture.turn { result != nil }
            #expect(result?.text == "0123456789")
        }
    }

    @Test func `a POST is not sent again`() throws {
        try UpstreamFixture.run(script: Self.endAtSecond) { fixture in
            try fixture.expect("ok")
            let code = try fixture.answer("POST", "Content-Length: 0\r\n").errorCode
            #expect([ECONNRESET, EPIPE].contains(code))
            #expect(fixture.peer.accepted == 1)
        }
    }

    @Test func `a request whose body is not kept any more is not sent again`() throws {
        try UpstreamFixture.run { peer in
            peer.readHead()
            peer.write(Self.ok)
            peer.readHead()
            _ = peer.readBody(100_000)
            peer.reset()
        } test: { fixture in
            try fixture.expect("ok")
            var result: Result<UpstreamAnswer, SystemError>?
            let head = fixture.head("PUT", "Content-Length: 200000\r\n")
            let exchange = fixture.client.open(head) { result = $0 }
            exchange.write(pattern(100_000))
            try fixture.turn { result != nil }
            #expect([ECONNRESET, EPIPE].contains(result?.errorCode))
            #expect(fixture.peer.accepted == 1)
        }
    }

    @Test func `an answer that breaks off is not asked for again`() throws {
        try UpstreamFixture.run { peer in
            peer.readHead()
            peer.write(Self.ok)
            peer.readHead()
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        } test: { fixture in
            try fixture.expect("ok")
            let code = try fixture.answer().errorCode
            #expect(code == ECONNRESET)
            #expect(fixture.peer.accepted == 1)
        }
    }

    @Test func `a connection that ended while idle is not used`() throws {
        try UpstreamFixture.run { peer in
            peer.readHead()
            peer.write(Self.ok)
        } test: { fixture in
            for _ in 0..<3 {
                // Even a POST, which could not be sent again.
                try fixture.expect("ok", "POST", "Content-Length: 0\r\n")
                try fixture.turn { fixture.client.idleCount == 0 }
            }
            #expect(fixture.peer.accepted == 3)
        }
    }

    @Test func `an end that the loop has not told yet is seen too`() throws {
        let hasClosed = DispatchSemaphore(value: 0)
        try UpstreamFixture.run { peer in
            peer.readHead()
            peer.write(Self.ok)
            peer.close()
            hasClosed.signal()
        } test: { fixture in
            try fixture.expect("ok")
            #expect(hasClosed.wait(timeout: .now() + 10) == .success)
            try fixture.expect("ok", "POST", "Content-Length: 0\r\n")
        }
    }

    // MARK: Warm connections

    @Test func `warm connections stay open until a request takes them`() throws {
        try UpstreamFixture.run { peer in
            while !peer.readHead().isEmpty { peer.write(Self.ok) }
        } test: { fixture in
            fixture.client.keepWarm(4)
            try fixture.turn { fixture.peer.accepted == 4 }
            try fixture.turn(milliseconds: 50)
            #expect(fixture.client.idleCount == 4)
            try fixture.expect("ok")
            #expect(fixture.peer.accepted == 4)
            #expect(fixture.client.idleCount == 4)
        }
    }

    @Test func `warm connections that the peer ends are replaced`() throws {
        var limits = UpstreamLimits()
        limits.rewarmNs = 20_000_000
        try UpstreamFixture.run(limits: limits) { peer in
            if peer.number >= 3 { peer.readToEnd() }
        } test: { fixture in
            fixture.client.keepWarm(3)
            try fixture.turn { fixture.peer.accepted == 6 }
            try fixture.turn(milliseconds: 50)
            #expect(fixture.client.idleCount == 3)
        }
    }

    @Test func `warming waits for a peer that does not listen yet`() throws {
        var limits = UpstreamLimits()
        limits.rewarmNs = 5_000_000
        try UpstreamFixture.run(limits: limits, listens: false) { peer in
            peer.readToEnd()
        } test: { fixture in
            fixture.client.keepWarm(3)
            // Those that are just being tried count too, until they are refused.
            try fixture.turn { fixture.client.idleCount == 0 }
            fixture.peer.listen()
            try fixture.turn { fixture.peer.accepted == 3 }
            #expect(fixture.client.idleCount == 3)
        }
    }
}
