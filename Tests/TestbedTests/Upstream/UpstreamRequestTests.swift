import Foundation
import Glibc
import NetIO
import Synchronization
import Testing

@testable import Testbed

/// A request's way to another role.
@Suite(.serialized) struct UpstreamRequestTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Test func `a body arrives in the pieces that were written`() throws {
        let body = pattern(1_000_000)
        try UpstreamFixture.run { peer in
            peer.readHead()
            peer.write(peer.readBody(1_000_000) == pattern(1_000_000) ? Self.ok : "bad")
        } test: { fixture in
            var result: Result<UpstreamAnswer, SystemError>?
            let head = fixture.head("PUT", "Content-Length: 1000000\r\n")
            let exchange = fixture.client.open(head) { result = $0 }
            for start in stride(from: 0, to: body.count, by: 77_777) {
                exchange.write(Array(body[start..<min(start + 77_777, body.count)]))
                try fixture.turn { !exchange.isFull }
            }
            exchange.finish()
            try fixture.turn { result != nil }
            #expect(result?.text == "ok")
        }
    }

    @Test func `a body without a length goes in chunks`() throws {
        try UpstreamFixture.run { peer in
            peer.readHead()
            let sent = String(decoding: peer.readBody(24), as: UTF8.self)
            peer.write(sent == "3\r\nabc\r\na\r\n0123456789\r\n0" ? Self.ok : "bad")
        } test: { fixture in
            let answer = NotedAnswer()
            let head = fixture.head("PUT", "Transfer-Encoding: chunked\r\n")
            let exchange = fixture.client.open(head, isChunked: true, receiver: answer)
            exchange.write(Array("abc".utf8))
            exchange.write([])
            exchange.write(Array("0123456789".utf8))
            exchange.finish()
            try fixture.turn { answer.isOver }
            #expect(answer.head?.status == 200)
        }
    }

    @Test func `a writer that waits when told holds few bytes`() throws {
        let pieces = 768
        let total = pieces * 65_536
        let mayRead = DispatchSemaphore(value: 0)
        let hasAll = Mutex(false)
        try UpstreamFixture.run { peer in
            peer.readHead()
            mayRead.wait()
            hasAll.withLock { $0 = peer.readBody(total) == numberedPieces(pieces) }
            peer.write(Self.ok)
        } test: { fixture in
            var result: Result<UpstreamAnswer, SystemError>?
            let head = fixture.head("PUT", "Content-Length: \(total)\r\n")
            let exchange = fixture.client.open(head) { result = $0 }
            var written = 0
            var most = 0
            func fill() {
                while written < pieces, !exchange.isFull {
                    exchange.write(numberedPiece(written))
                    written += 1
                    most = max(most, exchange.waitingBytes)
                }
                if written == pieces { exchange.finish() }
            }
            exchange.drained = fill
            fill()
            try fixture.turn { exchange.isFull }
            let writtenBeforeReading = written
            #expect(writtenBeforeReading < pieces)
            mayRead.signal()
            try fixture.turn { result != nil }
            #expect(result?.text == "ok")
            #expect(hasAll.withLock { $0 })
            #expect(most < UpstreamLimits().waitingBytes + 65_536)
        }
    }

    @Test func `an answer before the body's end is taken, and ends the connection`() throws {
        try UpstreamFixture.run { peer in
            peer.readHead()
            peer.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
            peer.readToEnd()
        } test: { fixture in
            var result: Result<UpstreamAnswer, SystemError>?
            let head = fixture.head("PUT", "Content-Length: 1000000\r\n")
            let exchange = fixture.client.open(head) { result = $0 }
            exchange.write(pattern(1000))
            try fixture.turn { result != nil }
            #expect(result?.status == 403)
            #expect(fixture.client.idleCount == 0)
            // Of no use any more, and no harm.
            exchange.write(pattern(1000))
            exchange.finish()
            #expect(exchange.waitingBytes == 0)
        }
    }

    @Test func `a cancelled request ends its connection and tells nobody`() throws {
        let received = Counter()
        let hasEnded = Counter()
        try UpstreamFixture.run { peer in
            peer.readHead()
            received.add(1)
            peer.readToEnd()
            hasEnded.add(1)
        } test: { fixture in
            let answer = NotedAnswer()
            let head = fixture.head("PUT", "Content-Length: 10\r\n")
            let exchange = fixture.client.open(head, receiver: answer)
            try fixture.turn { received.value == 1 }
            exchange.cancel()
            try fixture.turn { hasEnded.value == 1 }
            #expect(!answer.isOver)
        }
    }

    // MARK: Time

    @Test func `a silent peer is given up`() throws {
        var limits = UpstreamLimits()
        limits.silenceNs = 50_000_000
        try UpstreamFixture.run(limits: limits) { peer in
            peer.readToEnd()
        } test: { fixture in
            let code = try fixture.answer().errorCode
            #expect(code == ETIMEDOUT)
        }
    }

    @Test func `a slow client is not the peer's fault`() throws {
        var limits = UpstreamLimits()
        limits.silenceNs = 50_000_000
        try UpstreamFixture.run(limits: limits) { peer in
            peer.readHead()
            peer.write(peer.readBody(3) == Array("abc".utf8) ? Self.ok : "bad")
        } test: { fixture in
            var result: Result<UpstreamAnswer, SystemError>?
            let head = fixture.head("PUT", "Content-Length: 3\r\n")
            let exchange = fixture.client.open(head) { result = $0 }
            for byte in "abc".utf8 {
                try fixture.turn(milliseconds: 120)
                exchange.write([byte])
            }
            exchange.finish()
            try fixture.turn { result != nil }
            #expect(result?.text == "ok")
        }
    }

    @Test func `a peer that is gone fails the request, though not at once`() throws {
        try UpstreamFixture.run { _ in
        } test: { fixture in
            fixture.peer.stop()
            var result: Result<UpstreamAnswer, SystemError>?
            fixture.client.send(fixture.head()) { result = $0 }
            #expect(result == nil)
            try fixture.turn { result != nil }
            #expect(result?.errorCode == ECONNREFUSED)
        }
    }
}
