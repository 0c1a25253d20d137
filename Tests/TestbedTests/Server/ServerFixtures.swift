import NetIO
import Synchronization
import Testbed

/// A role made of one closure.
final class ClosureHandler: RequestHandler {
    private let loop: EventLoop
    private let action: (Exchange, EventLoop) -> Void

    init(_ loop: EventLoop, _ action: @escaping (Exchange, EventLoop) -> Void) {
        self.loop = loop
        self.action = action
    }

    func handle(_ exchange: Exchange) { action(exchange, loop) }
}

/// A server for the time of one test.
func withServer(
    limits: ServerLimits = ServerLimits(),
    _ action: @escaping @Sendable (Exchange, EventLoop) -> Void,
    test: (Int) throws -> Void
) throws {
    let server = try RoleServer(name: "test", address: ListenAddress(), limits: limits) {
        ClosureHandler($0, action)
    }
    defer { server.stop() }
    try test(server.port)
}

/// Answers with the request's method, target and body.
@Sendable func echo(_ exchange: Exchange, _ loop: EventLoop) {
    exchange.receiveBody(
        into: CollectingSink { body in
            let request = exchange.request
            let line = "\(request.method) \(request.rawPath)?\(request.rawQuery) "
            exchange.respond(HTTPResponse(status: 200, body: .bytes(Array(line.utf8) + body)))
        })
}

/// Answers before it has seen any of the body.
@Sendable func refuseAtOnce(_ exchange: Exchange, _ loop: EventLoop) {
    exchange.respond(HTTPResponse(status: 403, body: .bytes(Array("no".utf8))))
}

final class CollectingSink: BodySink {
    private var bytes: [UInt8] = []
    private let onAbort: () -> Void
    private let completion: ([UInt8]) -> Void

    init(onAbort: @escaping () -> Void = {}, completion: @escaping ([UInt8]) -> Void) {
        self.onAbort = onAbort
        self.completion = completion
    }

    func receive(_ received: UnsafeRawBufferPointer) { bytes.append(contentsOf: received) }
    func finish() { completion(bytes) }
    func abort() { onAbort() }
}

/// Counts across threads.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    func add(_ more: Int) { count.add(more, ordering: .sequentiallyConsistent) }
}

/// A flag that one thread sets and another waits for.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func set() { continuation.finish() }

    func wait() async { for await _ in stream {} }
}

/// Endless bytes of a known pattern.
final class PatternSource: BodySource {
    private var position = 0
    private let failsAt: Int

    init(failsAt: Int = .max) { self.failsAt = failsAt }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard position < failsAt else { return -1 }
        let count = min(buffer.count, failsAt - position)
        for index in 0..<count { buffer[index] = Self.byte(at: position + index) }
        position += count
        return count
    }

    static func byte(at position: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: position &* 31 &+ position >> 8)
    }
}
