import NetIO
import Testbed
import Testing

/// Bodies in both directions, larger than any buffer.
@Suite(.serialized) struct BodyStreamTests {
    private static let answerBytes = 8_000_000

    @Test func `a streamed answer arrives whole at a client that reads slowly`() throws {
        let stream: @Sendable (Exchange, EventLoop) -> Void = { exchange, _ in
            let body = HTTPResponse.Body.stream(PatternSource(), length: Int64(Self.answerBytes))
            exchange.respond(HTTPResponse(status: 200, body: body))
        }
        try withServer(stream) { port in
            let client = try RawClient(port: port, receiveBufferBytes: 8_192)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            for _ in 0..<2 {
                let body = try client.answer().body
                #expect(body.count == Self.answerBytes)
                #expect(body.indices.allSatisfy { body[$0] == PatternSource.byte(at: $0) })
            }
        }
    }

    @Test func `a body source that fails cuts the connection`() throws {
        let fail: @Sendable (Exchange, EventLoop) -> Void = { exchange, _ in
            let source = PatternSource(failsAt: 1_000)
            exchange.respond(HTTPResponse(status: 200, body: .stream(source, length: 2_000)))
        }
        try withServer(fail) { port in
            let client = try RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(throws: RawClient.Failure.self) { try client.answer() }
        }
    }

    @Test func `a large chunked body arrives whole`() throws {
        try withServer(echo) { port in
            let client = try RawClient(port: port)
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            let bytes = (0..<1_000_000).map { PatternSource.byte(at: $0) }
            for start in stride(from: 0, to: bytes.count, by: 77_777) {
                let chunk = bytes[start..<min(start + 77_777, bytes.count)]
                client.send(
                    Array((String(chunk.count, radix: 16) + "\r\n").utf8) + chunk + [13, 10])
            }
            client.send("0\r\n\r\n")
            #expect(try client.answer().body == Array("PUT /? ".utf8) + bytes)
        }
    }

    @Test func `a paused body stays with the client until it is resumed`() throws {
        let received = Counter()
        let receivedWhilePaused = Counter()
        let pause: @Sendable (Exchange, EventLoop) -> Void = { exchange, loop in
            exchange.receiveBody(
                into: PausingSink(exchange, loop, received, whilePaused: receivedWhilePaused))
        }
        try withServer(pause) { port in
            let client = try RawClient(port: port)
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 12000000\r\n\r\n")
            client.send([UInt8](repeating: 7, count: 12_000_000))
            #expect(try client.answer().status == 200)
        }
        #expect(received.value == 12_000_000)
        #expect(receivedWhilePaused.value == 0)
    }
}

/// Pauses at its first bytes, and resumes 50 ms later.
private final class PausingSink: BodySink {
    private let exchange: Exchange
    private let loop: EventLoop
    private let received: Counter
    private let receivedWhilePaused: Counter
    private var hasPaused = false
    private var isPaused = false

    init(_ exchange: Exchange, _ loop: EventLoop, _ received: Counter, whilePaused: Counter) {
        self.exchange = exchange
        self.loop = loop
        self.received = received
        receivedWhilePaused = whilePaused
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        received.add(bytes.count)
        if isPaused { receivedWhilePaused.add(bytes.count) }
        guard !hasPaused else { return }
        (hasPaused, isPaused) = (true, true)
        exchange.pauseBody()
        loop.schedule(afterNs: 50_000_000) { [self] in
            isPaused = false
            exchange.resumeBody()
        }
    }

    func finish() { exchange.respond(HTTPResponse(status: 200)) }
    func abort() {}
}
