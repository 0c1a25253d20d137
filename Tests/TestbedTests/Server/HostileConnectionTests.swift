import NetIO
import Testing

@testable import Testbed

/// Clients that take a server's time, places or memory. Its limits are small here, so that nobody waits.
@Suite(.serialized) struct HostileConnectionTests {
    private static func impatient(_ change: (inout ServerLimits) -> Void) -> ServerLimits {
        var limits = ServerLimits()
        limits.headTimeout = .milliseconds(200)
        limits.stallTimeout = .milliseconds(200)
        limits.lingerTimeout = .milliseconds(200)
        limits.lingerTotalTimeout = .milliseconds(300)
        change(&limits)
        return limits
    }

    @Test func `a body that trickles in is answered 408 and names the limits`() throws {
        try withServer(limits: Self.impatient { $0.slowestBodyBytes = 1000 }, echo) { port in
            let client = try RawClient(port: port)
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            while !client.hasAnswer(withinMilliseconds: 20) { client.send("x") }
            let answer = try client.answer()
            #expect(answer.status == 408)
            #expect(answer.text.contains("stallTimeout"))
            #expect(answer.text.contains("slowestBodyBytes"))
        }
    }

    @Test func `a slow body is no stall while it brings its bytes`() throws {
        try withServer(limits: Self.impatient { $0.slowestBodyBytes = 5 }, echo) { port in
            let client = try RawClient(port: port)
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n")
            for _ in 0..<60 {
                #expect(!client.hasAnswer(withinMilliseconds: 15))
                client.send("x")
            }
            #expect(try client.answer().status == 200)
        }
    }

    @Test func `one connection more than the limit is answered 503 and names it`() throws {
        try withServer(limits: Self.impatient { $0.connections = 2 }, echo) { port in
            let first = try RawClient(port: port)
            let second = try RawClient(port: port)
            for client in [first, second] {
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try client.answer().status == 200)
            }
            let third = try RawClient(port: port)
            let answer = try third.answer()
            #expect(answer.status == 503)
            #expect(answer.text.contains("connections (2)"))
            #expect(third.isClosed())
            first.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try first.answer().status == 200)
        }
    }

    /// It never reads its long answer, and never stops sending.
    @Test func `a connection that is to end does not live on by what its client sends`() throws {
        let limits = Self.impatient { $0.drainedBodyBytes = 1000 }
        try withServer(limits: limits) { exchange, _ in
            exchange.respond(
                HTTPResponse(status: 200, body: .stream(PatternSource(), length: 1 << 40)))
        } test: { port in
            let client = try RawClient(port: port, receiveBufferBytes: 4096)
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
            client.send([UInt8](repeating: 0, count: 5000))
            while !client.hasEvent(withinMilliseconds: 20) {
                guard client.send("x") else { return }
            }
        }
    }

    @Test func `a role that answered is told that the body no longer matters`() throws {
        let abandoned = Counter()
        try withServer { exchange, loop in
            exchange.receiveBody(into: ForgottenSink(abandoned))
            loop.schedule(afterNs: 1_000_000) { exchange.respond(HTTPResponse(status: 504)) }
        } test: { port in
            let client = try RawClient(port: port)
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx")
            #expect(try client.answer().status == 504)
            #expect(abandoned.value == 1)
        }
    }

    @Test func `the room of a large answer is given back`() {
        var output = OutgoingAnswer()
        output.append([UInt8](repeating: 1, count: 1 << 20))
        #expect(output.heldBytes >= 1 << 20)
        output.rest()
        #expect(output.heldBytes == 0)
    }
}

private final class ForgottenSink: BodySink {
    private let abandoned: Counter

    init(_ abandoned: Counter) { self.abandoned = abandoned }

    func receive(_ bytes: UnsafeRawBufferPointer) {}
    func finish() {}
    func abort() {}
    func abandon() { abandoned.add(1) }
}
