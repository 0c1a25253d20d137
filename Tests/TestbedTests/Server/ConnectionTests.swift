import NetIO
import Testbed
import Testing

/// How a connection lives: kept, pipelined, answered early, cut.
@Suite(.serialized) struct ConnectionTests {
    private func requests(_ count: Int) -> String {
        (0..<count).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
    }

    @Test func `a connection takes one request after the other`() throws {
        try withServer(echo) { port in
            let client = try RawClient(port: port)
            for number in 0..<5 {
                client.send("PUT /\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok")
                let answer = try client.answer()
                #expect(answer.text == "PUT /\(number)? ok")
                #expect(answer.field("Connection") == nil)
                #expect(answer.field("Date")?.hasSuffix(" GMT") == true)
            }
        }
    }

    @Test func `pipelined requests are answered in their order`() throws {
        try withServer(echo) { port in
            let client = try RawClient(port: port)
            client.send(requests(5_000))
            for number in 0..<5_000 {
                let text = try client.answer().text
                #expect(text == "GET /\(number)? ")
                if text != "GET /\(number)? " { break }
            }
        }
    }

    @Test func `pipelined requests wait for answers that come later`() throws {
        let later: @Sendable (Exchange, EventLoop) -> Void = { exchange, loop in
            loop.schedule(afterNs: 0) {
                let path = Array(exchange.request.rawPath.utf8)
                exchange.respond(HTTPResponse(status: 200, body: .bytes(path)))
            }
        }
        try withServer(later) { port in
            let client = try RawClient(port: port)
            client.send(requests(500))
            for number in 0..<500 { #expect(try client.answer().text == "/\(number)") }
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", true),
        ("GET / HTTP/1.0\r\n\r\n", true),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false),
    ])
    func `the client says whether the connection stays`(_ request: String, _ closes: Bool) throws {
        try withServer(echo) { port in
            let client = try RawClient(port: port)
            client.send(request)
            _ = try client.answer()
            if closes {
                #expect(client.isClosed())
            } else {
                client.send(request)
                #expect(try client.answer().status == 200)
            }
        }
    }

    @Test func `HEAD has the length and no body`() throws {
        let answer: @Sendable (Exchange, EventLoop) -> Void = { exchange, _ in
            exchange.respond(HTTPResponse(status: 200, body: .bytes([1, 2, 3])))
        }
        try withServer(answer) { port in
            let client = try RawClient(port: port)
            client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.answer(hasBody: false).field("Content-Length") == "3")
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.answer().body == [1, 2, 3])
        }
    }

    @Test func `100 Continue comes when the role wants the body`() throws {
        try withServer(echo) { port in
            let client = try RawClient(port: port)
            client.send(
                "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(try client.answer().status == 100)
            client.send("ok")
            #expect(try client.answer().text == "PUT /? ok")
        }
    }

    @Test func `a refusal comes instead of 100 Continue, and without the body`() throws {
        try withServer(refuseAtOnce) { port in
            let client = try RawClient(port: port)
            client.send(
                "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 200\r\n\r\n")
            let answer = try client.answer()
            #expect(answer.status == 403)
            #expect(answer.field("Connection") == "close")
            #expect(client.isClosed())
        }
    }

    @Test func `a small body is drained after an early answer, and the connection stays`() throws {
        try withServer(refuseAtOnce) { port in
            let client = try RawClient(port: port)
            for _ in 0..<2 {
                client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
                #expect(try client.answer().status == 403)
                client.send([UInt8](repeating: 1, count: 100_000))
            }
        }
    }

    @Test func `a client that sends a large body in vain can still read the answer`() throws {
        try withServer(refuseAtOnce) { port in
            let client = try RawClient(port: port)
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 16000000\r\n\r\n")
            client.send([UInt8](repeating: 1, count: 16_000_000))
            let answer = try client.answer()
            #expect(answer.status == 403)
            #expect(answer.field("Connection") == "close")
        }
    }

    @Test func `an early answer to endless chunks ends the connection`() throws {
        try withServer(refuseAtOnce) { port in
            let client = try RawClient(port: port)
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = Array("10000\r\n".utf8) + [UInt8](repeating: 1, count: 65_536) + [13, 10]
            for _ in 0..<8 { client.send(chunk) }
            #expect(try client.answer().status == 403)
            #expect(client.isClosed())
        }
    }

    @Test(arguments: [true, false])
    func `a client that leaves in the middle of a body aborts it`(_ abruptly: Bool) async throws {
        let (started, aborted) = (Signal(), Signal())
        let server = try RoleServer(name: "test", address: ListenAddress()) { loop in
            ClosureHandler(loop) { exchange, _ in
                exchange.receiveBody(into: CollectingSink(onAbort: aborted.set) { _ in })
                started.set()
            }
        }
        defer { server.stop() }
        var client: RawClient? = try RawClient(port: server.port)
        client?.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
        await started.wait()
        if abruptly { client?.reset() }
        client = nil
        await aborted.wait()
    }

    @Test func `a role can answer a body that its client cut short`() throws {
        let tellShort: @Sendable (Exchange, EventLoop) -> Void = { exchange, _ in
            let sink = CollectingSink(onAbort: { exchange.respond(HTTPResponse(status: 400)) }) {
                _ in
            }
            exchange.receiveBody(into: sink)
        }
        try withServer(tellShort) { port in
            let client = try RawClient(port: port)
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
            client.endSending()
            #expect(try client.answer().status == 400)
            #expect(client.isClosed())
        }
    }

    @Test func `a client that ended its half still gets its answers`() throws {
        let later: @Sendable (Exchange, EventLoop) -> Void = { exchange, loop in
            loop.schedule(afterNs: 20_000_000) { exchange.respond(HTTPResponse(status: 200)) }
        }
        try withServer(later) { port in
            let client = try RawClient(port: port)
            client.send(requests(3))
            client.endSending()
            for _ in 0..<3 { #expect(try client.answer().status == 200) }
            #expect(client.isClosed())
        }
    }

    @Test func `a field value of an answer cannot add a field`() throws {
        let inject: @Sendable (Exchange, EventLoop) -> Void = { exchange, _ in
            exchange.respond(HTTPResponse(status: 200, headers: [("X", "a\r\nY: b")]))
        }
        try withServer(inject) { port in
            let client = try RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.answer().field("Y") == nil)
        }
    }

    @Test func `hundreds of idle connections leave room for a request`() throws {
        try withServer(echo) { port in
            let idle = try (0..<400).map { _ in try RawClient(port: port) }
            let client = try RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.answer().status == 200)
            #expect(idle.count == 400)
        }
    }

    @Test func `an idle connection closes, and an unfinished head is answered 408`() throws {
        var limits = ServerLimits()
        limits.idleTimeout = .milliseconds(100)
        limits.headTimeout = .milliseconds(100)
        try withServer(limits: limits, echo) { port in
            let idle = try RawClient(port: port)
            let unfinished = try RawClient(port: port)
            unfinished.send("GET / HT")
            #expect(try unfinished.answer().status == 408)
            #expect(unfinished.isClosed())
            #expect(idle.isClosed())
        }
    }

    @Test func `a head that trickles in does not outlive its time`() throws {
        var limits = ServerLimits()
        limits.headTimeout = .milliseconds(300)
        try withServer(limits: limits, echo) { port in
            let client = try RawClient(port: port)
            client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ")
            // Each byte comes sooner than the limit; the sum of them does not.
            let end = ContinuousClock.now + .seconds(5)
            while client.sendNow([0x61]) == 1, ContinuousClock.now < end {
                if client.hasAnswer(withinMilliseconds: 50) { break }
            }
            #expect(ContinuousClock.now < end)
            #expect(try client.answer().status == 408)
        }
    }

    @Test func `a refused client that never stops sending is cut off`() throws {
        var limits = ServerLimits()
        limits.lingerTotalTimeout = .milliseconds(300)
        try withServer(limits: limits, echo) { port in
            let client = try RawClient(port: port)
            client.send("NO\r\n\r\n")
            #expect(try client.answer().status == 400)
            // Each byte comes sooner than the limit between two of them.
            let end = ContinuousClock.now + .seconds(6)
            while client.sendNow([0x61]) == 1, ContinuousClock.now < end {
                _ = client.hasEvent(withinMilliseconds: 50)
            }
            #expect(ContinuousClock.now < end)
        }
    }

    @Test func `a role words the server's own refusals`() throws {
        final class Wordy: RequestHandler {
            func handle(_ exchange: Exchange) {}
            func refusal(for problem: RequestProblem) -> HTTPResponse {
                HTTPResponse(status: problem.status, body: .bytes(Array("no: \(problem)".utf8)))
            }
        }
        let server = try RoleServer(name: "test", address: ListenAddress()) { _ in Wordy() }
        defer { server.stop() }
        let client = try RawClient(port: server.port)
        client.send("GET / HTTP/3.0\r\n\r\n")
        let answer = try client.answer()
        #expect(answer.status == 505)
        #expect(answer.text == "no: versionNotSupported")
    }

    @Test func `a body that stalls is answered 408, but not one that its role holds back`() throws {
        var limits = ServerLimits()
        limits.stallTimeout = .milliseconds(100)
        try withServer(limits: limits, echo) { port in
            let client = try RawClient(port: port)
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
            #expect(try client.answer().status == 408)
            #expect(client.isClosed())
        }
        let hold: @Sendable (Exchange, EventLoop) -> Void = { exchange, loop in
            loop.schedule(afterNs: 1_300_000_000) { echo(exchange, loop) }
        }
        try withServer(limits: limits, hold) { port in
            let client = try RawClient(port: port)
            client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
            #expect(try client.answer().text == "PUT /? abc")
        }
    }

    @Test func `a role knows the CPU time of its own thread`() throws {
        let server = try RoleServer(name: "test", address: ListenAddress()) {
            ClosureHandler($0, echo)
        }
        defer { server.stop() }
        let before = server.cpuNs
        let client = try RawClient(port: server.port)
        client.send(requests(2_000))
        for _ in 0..<2_000 { _ = try client.answer() }
        #expect(before > 0)
        #expect(server.cpuNs > before)
    }
}
