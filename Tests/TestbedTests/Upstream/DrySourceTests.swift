import NetIO
import Testbed
import Testing

/// Streamed answers whose source has to wait itself.
@Suite(.serialized, .timeLimit(.minutes(1))) struct DrySourceTests {
    @Test(arguments: [1, 2])
    func `an answer goes on when its source has more`(_ requests: Int) throws {
        let trickle: @Sendable (Exchange, EventLoop) -> Void = { exchange, loop in
            let source = TricklingSource(loop, pieces: ["ab", "cdef", "g"])
            exchange.respond(HTTPResponse(status: 200, body: .stream(source, length: 7)))
        }
        try withServer(trickle) { port in
            let client = try RawClient(port: port)
            for _ in 0..<requests { client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
            for _ in 0..<requests { #expect(try client.answer().text == "abcdefg") }
        }
    }

    @Test func `a source that has nothing yet is not asked, however long that takes`() throws {
        var limits = ServerLimits()
        // Less than the pauses: a role takes the time that it takes.
        limits.stallTimeout = .milliseconds(1)
        let trickle: @Sendable (Exchange, EventLoop) -> Void = { exchange, loop in
            let source = TricklingSource(loop, pieces: ["a", "b"], everyNs: 700_000_000)
            exchange.respond(HTTPResponse(status: 200, body: .stream(source, length: 2)))
        }
        try withServer(limits: limits, trickle) { port in
            let client = try RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.answer().text == "ab")
        }
    }

    @Test(arguments: ["HEAD", "GET"])
    func `a source that nobody will read is told`(_ method: String) async throws {
        let isAbandoned = Signal()
        let open: @Sendable (Exchange, EventLoop) -> Void = { exchange, loop in
            let source = TricklingSource(loop, pieces: ["a"]) { isAbandoned.set() }
            exchange.respond(HTTPResponse(status: 200, body: .stream(source, length: 100)))
        }
        let server = try RoleServer(name: "test", address: ListenAddress()) {
            ClosureHandler($0, open)
        }
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        client.send("\(method) / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try client.answer(hasBody: false)
        client.reset()
        // Waits for ever if it is not.
        await isAbandoned.wait()
    }

    @Test func `a body that was paused is drained once it is answered`() throws {
        let pause: @Sendable (Exchange, EventLoop) -> Void = { exchange, _ in
            exchange.receiveBody(into: AnsweringSink(exchange))
        }
        try withServer(pause) { port in
            let client = try RawClient(port: port)
            for _ in 0..<2 {
                client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
                client.send([UInt8](repeating: 7, count: 100_000))
                #expect(try client.answer().status == 403)
            }
        }
    }
}

/// Has its next piece a moment after the last.
private final class TricklingSource: BodySource {
    private var pieces: [[UInt8]]
    private var ready: [UInt8] = []
    private var wake: () -> Void = {}
    private let loop: EventLoop
    private let everyNs: Int64
    private let onAbandon: () -> Void

    init(
        _ loop: EventLoop, pieces: [String], everyNs: Int64 = 5_000_000,
        onAbandon: @escaping () -> Void = {}
    ) {
        self.loop = loop
        self.pieces = pieces.map { Array($0.utf8) }
        self.everyNs = everyNs
        self.onAbandon = onAbandon
        refill()
    }

    var isDry: Bool { ready.isEmpty }
    func onRefill(_ wake: @escaping () -> Void) { self.wake = wake }
    func abandon() { onAbandon() }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        // Never while it is dry.
        guard !ready.isEmpty else { return -1 }
        let count = min(buffer.count, ready.count)
        for index in 0..<count { buffer[index] = ready[index] }
        ready.removeFirst(count)
        if ready.isEmpty { refill() }
        return count
    }

    private func refill() {
        guard !pieces.isEmpty else { return }
        loop.schedule(afterNs: everyNs) { [self] in
            ready = pieces.removeFirst()
            wake()
        }
    }
}

/// Pauses the body at its first bytes, and refuses it in the same call.
private final class AnsweringSink: BodySink {
    private let exchange: Exchange

    init(_ exchange: Exchange) { self.exchange = exchange }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        exchange.pauseBody()
        exchange.respond(HTTPResponse(status: 403))
    }

    func finish() { exchange.respond(HTTPResponse(status: 403)) }
    func abort() {}
}
