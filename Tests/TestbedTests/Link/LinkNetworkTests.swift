import Foundation
import Glibc
import NetIO
import Testing

@testable import Testbed

/// Bytes through the emulated network's real sockets.
@Suite(.serialized) struct LinkNetworkTests {
    /// Answers a body with its bytes.
    private final class Echo: RequestHandler {
        private final class Sink: BodySink {
            let exchange: Exchange
            var bytes: [UInt8] = []
            init(_ exchange: Exchange) { self.exchange = exchange }
            func receive(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }
            func finish() { exchange.respond(HTTPResponse(status: 200, body: .bytes(bytes))) }
            func abort() {}
        }

        func handle(_ exchange: Exchange) { exchange.receiveBody(into: Sink(exchange)) }
    }

    private func withLink(
        _ text: String, _ use: (_ port: Int) throws -> Void
    ) throws {
        let profile = try #require(try LinkProfile.parse(text))
        let server = try RoleServer(name: "echo", address: ListenAddress()) { _ in Echo() }
        defer { server.stop() }
        let link = try LinkNetwork(profile, seed: 7)
        defer { link.stop() }
        let port = try link.open(
            .clientStore, listen: ListenAddress(), to: ListenAddress(port: server.port))
        try use(port)
    }

    private func request(_ body: [UInt8]) -> [UInt8] {
        Array("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body
    }

    @Test(arguments: ["rtt=2ms,up=500mbit,down=500mbit", "rtt=2ms,up=200mbit,down=200mbit,loss=1%"])
    func `bytes arrive complete and in order both ways`(_ link: String) throws {
        let body = (0..<1_000_003).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        try withLink(link) { port in
            let client = try RawClient(port: port)
            client.send(request(body))
            let answer = try client.answer()
            #expect(answer.status == 200)
            #expect(answer.body == body)
        }
    }

    @Test func `many connections at once all get their answers`() throws {
        try withLink("rtt=2ms,up=500mbit,down=500mbit") { port in
            let clients = try (0..<100).map { _ in try RawClient(port: port) }
            for (index, client) in clients.enumerated() {
                client.send(request(Array(repeating: UInt8(index), count: 10_000)))
            }
            for (index, client) in clients.enumerated() {
                #expect(try client.answer().body == Array(repeating: UInt8(index), count: 10_000))
            }
        }
    }
}
