import CLinux
import NetIO
import Testing

@testable import Testbed

/// What each fault does on the wire, and whether the role had done its work by then.
@Suite(.serialized, .timeLimit(.minutes(2))) struct FaultWireTests {
    /// Takes the body in, counts it, and answers with it; leaves alone what starts with `/look`.
    private final class CountingRole: FallibleRole {
        let done: Counter

        init(_ done: Counter) { self.done = done }

        func handle(_ exchange: Exchange) {
            exchange.receiveBody(
                into: CollectingSink { [done] body in
                    done.add(1)
                    let etag = "\"0123456789abcdef0123456789abcdef-2\""
                    let isBare = exchange.request.rawPath == "/bare"
                    exchange.respond(
                        HTTPResponse(
                            status: 200, headers: [("ETag", etag)],
                            body: isBare ? .none : .bytes(body)))
                })
        }

        func isOfUpload(_ request: HTTPRequest) -> Bool { !request.rawPath.hasPrefix("/look") }

        func refuse(_ exchange: Exchange, status: Int) {
            exchange.respond(HTTPResponse(status: status, body: .bytes(Array("refused".utf8))))
        }
    }

    private func withFaults(
        _ faults: Fault..., test: (_ port: Int, _ done: Counter) throws -> Void
    ) throws {
        let done = Counter()
        let server = try RoleServer(name: "test", address: ListenAddress()) { loop in
            CountingRole(done).failing([.store: faults], as: .store, seed: 1, loop: loop)
        }
        defer { server.stop() }
        try test(server.port, done)
    }

    private func put(_ path: String, _ body: String) -> String {
        "PUT \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
    }

    @Test func `a status is answered before the body is read`() throws {
        try withFaults(Fault(.status(503))) { port, done in
            let client = try RawClient(port: port)
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
            let answer = try client.answer()
            #expect(answer.status == 503)
            #expect(answer.text == "refused")
            #expect(done.value == 0)
        }
    }

    @Test(arguments: [(Fault.Kind.reset, 0), (.resetAnswer, 1)])
    func `a reset comes before the work is done, or after it`(
        _ kind: Fault.Kind, _ work: Int
    ) throws {
        try withFaults(Fault(kind)) { port, done in
            let client = try RawClient(port: port)
            client.send(put("/", "0123456789"))
            #expect(client.isReset())
            #expect(done.value == work)
        }
    }

    @Test func `a truncated answer ends in the middle of its body`() throws {
        try withFaults(Fault(.truncate)) { port, done in
            let client = try RawClient(port: port)
            client.send(put("/", "0123456789"))
            let answer = try client.answer(hasBody: false)
            #expect(answer.field("Content-Length") == "10")
            #expect(try client.take(count: 5) == Array("01234".utf8))
            #expect(client.isClosed())
            #expect(done.value == 1)
        }
    }

    @Test func `a truncated answer without a body ends inside its head`() throws {
        try withFaults(Fault(.truncate)) { port, done in
            let client = try RawClient(port: port)
            client.send(put("/bare", "0123456789"))
            let start = Array("HTTP/1.1 200 OK\r\nETag: ".utf8)
            #expect(try client.take(count: start.count) == start)
            #expect(throws: RawClient.Failure.self) { try client.answer() }
            #expect(done.value == 1)
        }
    }

    @Test func `a connection closed after the headers had promised to stay`() throws {
        try withFaults(Fault(.closeAfterHeaders)) { port, done in
            let client = try RawClient(port: port)
            client.send(put("/", "0123456789"))
            let answer = try client.answer(hasBody: false)
            #expect(answer.field("Content-Length") == "10")
            #expect(answer.field("Connection") == nil)
            #expect(client.isClosed())
            #expect(done.value == 1)
        }
    }

    @Test func `a corrupt ETag differs in every digit, in header and document`() throws {
        try withFaults(Fault(.corruptETag)) { port, _ in
            let client = try RawClient(port: port)
            let document = "<a><ETag>&quot;00112233445566778899aabbccddeeff&quot;</ETag></a>"
            client.send(put("/", document))
            let answer = try client.answer()
            #expect(answer.field("ETag") == "\"fedcba9876543210fedcba9876543210-2\"")
            #expect(
                answer.text
                    == "<a><ETag>&quot;ffeeddccbbaa99887766554433221100&quot;</ETag></a>")
            // Nothing else is: the connection stays.
            client.send(put("/", "x"))
            #expect(try client.answer().text == "x")
        }
    }

    @Test(arguments: [
        Fault.Kind.stall(ns: 100_000_000), .stallAnswer(ns: 100_000_000),
        .slowRead(bytesPerSecond: 100_000),
    ])
    func `a delayed answer comes whole, and not before its time`(_ kind: Fault.Kind) throws {
        try withFaults(Fault(kind)) { port, done in
            let client = try RawClient(port: port)
            let body = String(repeating: "0123456789", count: 1000)
            let startNs = clinux_monotonic_ns()
            client.send(put("/", body))
            #expect(try client.answer().text == body)
            #expect(clinux_monotonic_ns() - startNs >= 99_000_000)
            #expect(done.value == 1)
            client.send(put("/", "x"))
            #expect(try client.answer().text == "x")
        }
    }

    @Test func `a slow body of many pieces comes whole`() throws {
        try withFaults(Fault(.slowRead(bytesPerSecond: 20_000_000))) { port, _ in
            let client = try RawClient(port: port)
            let body = String(repeating: "0123456789abcdef", count: 1 << 17)
            let startNs = clinux_monotonic_ns()
            client.send(put("/", body))
            #expect(try client.answer().text == body)
            #expect(clinux_monotonic_ns() - startNs >= 100_000_000)
        }
    }

    @Test(arguments: [
        Fault.Kind.reset, .resetAnswer, .truncate, .closeAfterHeaders,
        .stall(ns: 3_600_000_000_000),
        .slowRead(bytesPerSecond: 1),
    ])
    func `other connections go on as if nothing had happened`(_ kind: Fault.Kind) throws {
        try withFaults(Fault(kind)) { port, _ in
            let others = try (0..<4).map { _ in try RawClient(port: port) }
            for round in 0..<20 {
                let struck = try RawClient(port: port)
                struck.send(put("/", "0123456789"))
                for other in others {
                    other.send(put("/look", "\(round)"))
                    #expect(try other.answer().text == "\(round)")
                }
            }
        }
    }

    @Test func `a client that leaves during a stall leaves nothing behind`() throws {
        try withFaults(Fault(.stall(ns: 20_000_000))) { port, done in
            for _ in 0..<20 {
                let client = try RawClient(port: port)
                client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01")
                client.reset()
            }
            let client = try RawClient(port: port)
            client.send(put("/", "x"))
            #expect(try client.answer().text == "x")
            #expect(done.value == 1)
        }
    }

    @Test func `a truncated answer to HEAD ends inside its head`() throws {
        try withFaults(Fault(.truncate)) { port, _ in
            let client = try RawClient(port: port)
            client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(throws: RawClient.Failure.self) { try client.answer(hasBody: false) }
        }
    }
}
