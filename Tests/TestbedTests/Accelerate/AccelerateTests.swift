import Foundation
import NetIO
import Testbed
import Testing

/// The accelerate role, from its client's side and from its store's.
@Suite(.serialized, .timeLimit(.minutes(2))) struct AccelerateTests {
    @Test(arguments: [
        (nil, "S3 Transfer Acceleration is not configured on this bucket"),
        ("Suspended", "S3 Transfer Acceleration is disabled on this bucket"),
    ])
    func `the bucket's state decides, before the body is asked for`(
        _ status: String?, _ message: String
    ) throws {
        try AccelerateFixture.run(status: status, store: echo) { role in
            let client = try role.client()
            client.send(role.head("PUT", "/key", ["Content-Length: 9", "Expect: 100-continue"]))
            let answer = try client.answer()
            #expect(answer.status == 400)
            #expect(answer.errorCode == "InvalidRequest")
            #expect(answer.text.contains("<Message>\(message)</Message>"))
        }
    }

    @Test func `a client that waits is told to go on`() throws {
        try AccelerateFixture.run(store: echo) { role in
            let client = try role.client()
            client.send(role.head("PUT", "/key", ["Content-Length: 3", "Expect: 100-continue"]))
            #expect(try client.answer(hasBody: false).status == 100)
            client.send("abc")
            #expect(try client.answer().text == "PUT /key? abc")
        }
    }

    @Test(arguments: [0, 1, 65_536, 5_242_881])
    func `a body passes byte for byte, and so does its answer`(_ size: Int) throws {
        try AccelerateFixture.run(store: echo) { role in
            let body = pattern(size)
            let client = try role.client()
            for _ in 0..<2 {
                client.send(role.head("PUT", "/key?a=b", ["Content-Length: \(size)"]))
                client.send(body)
                #expect(try client.answer().body == Array("PUT /key?a=b ".utf8) + body)
            }
        }
    }

    @Test func `chunks pass as chunks`() throws {
        let report: @Sendable (Exchange, EventLoop) -> Void = { exchange, _ in
            let isChunked = exchange.request.isChunked
            exchange.receiveBody(
                into: CollectingSink { body in
                    let line = isChunked ? "chunked " : "not chunked "
                    exchange.respond(
                        HTTPResponse(status: 200, body: .bytes(Array(line.utf8) + body)))
                })
        }
        try AccelerateFixture.run(store: report) { role in
            let client = try role.client()
            client.send(role.head("PUT", "/key", ["Transfer-Encoding: chunked"]))
            client.send("3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
            #expect(try client.answer().text == "chunked abcdefg")
        }
    }

    @Test func `bytes reach the store while more are to come`() throws {
        let first = DispatchSemaphore(value: 0)
        let note: @Sendable (Exchange, EventLoop) -> Void = { exchange, _ in
            exchange.receiveBody(into: FirstByteSink(exchange) { first.signal() })
        }
        try AccelerateFixture.run(store: note) { role in
            let client = try role.client()
            client.send(role.head("PUT", "/key", ["Content-Length: 2"]))
            client.send("a")
            #expect(first.wait(timeout: .now() + 10) == .success)
            client.send("b")
            #expect(try client.answer().status == 200)
        }
    }

    @Test func `a large answer is streamed to a client that reads slowly`() throws {
        let pieces = 512
        let stream: @Sendable (Exchange, EventLoop) -> Void = { exchange, _ in
            let bytes = numberedPieces(pieces)
            exchange.respond(
                HTTPResponse(status: 200, headers: [("ETag", "\"x\"")], body: .bytes(bytes)))
        }
        try AccelerateFixture.run(store: stream) { role in
            let client = try RawClient(port: role.port, receiveBufferBytes: 16_384)
            client.send(role.head("GET"))
            let head = try client.answer(hasBody: false)
            #expect(head.field("Content-Length") == "\(pieces * 65_536)")
            #expect(head.field("ETag") == "\"x\"")
            for number in 0..<pieces {
                #expect(try client.take(count: 65_536) == numberedPiece(number))
            }
            // The connection is good for more.
            client.send(role.head("HEAD"))
            let answer = try client.answer(hasBody: false)
            #expect(answer.field("Content-Length") == "\(pieces * 65_536)")
        }
    }

    @Test func `the store's refusal comes while the body is on its way`() throws {
        try AccelerateFixture.run(store: refuseAtOnce) { role in
            let client = try role.client()
            client.send(role.head("PUT", "/key", ["Content-Length: 50000000"]))
            client.send(pattern(100_000))
            let answer = try client.answer()
            #expect(answer.status == 403)
            #expect(answer.text == "no")
        }
    }

    @Test(arguments: ["PUT", "DELETE"])
    func `buckets are neither made nor removed here`(_ method: String) throws {
        try AccelerateFixture.run(store: echo) { role in
            let answer = try role.answer(method, "/?X-Amz-Signature=x", ["Content-Length: 0"])
            #expect(answer.status == 405)
            #expect(answer.errorCode == "MethodNotAllowed")
        }
    }

    // MARK: Clients that leave

    @Test func `a client that leaves ends its request at the store`() async throws {
        let isAborted = Signal()
        let hasBegun = DispatchSemaphore(value: 0)
        let note: @Sendable (Exchange, EventLoop) -> Void = { exchange, _ in
            hasBegun.signal()
            exchange.receiveBody(into: CollectingSink(onAbort: isAborted.set) { _ in })
        }
        try AccelerateFixture.run(store: note) { role in
            let client = try role.client()
            client.send(role.head("PUT", "/key", ["Content-Length: 1000"]))
            client.send("abc")
            // A reset that overtakes the request would leave nothing to end.
            hasBegun.wait()
            client.reset()
        }
        await isAborted.wait()
    }
}

/// Tells of its first byte.
private final class FirstByteSink: BodySink {
    private let exchange: Exchange
    private var onFirst: (() -> Void)?

    init(_ exchange: Exchange, onFirst: @escaping () -> Void) {
        self.exchange = exchange
        self.onFirst = onFirst
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        onFirst?()
        onFirst = nil
    }

    func finish() { exchange.respond(HTTPResponse(status: 200)) }
    func abort() {}
}
