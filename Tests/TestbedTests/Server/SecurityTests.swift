import Foundation
import NetIO
import Testbed
import Testing
import Transfer

/// TLS from our own client to our own server.
@Suite(.serialized) struct SecurityTests {
    /// A role with TLS, and a client that trusts it unless changed.
    private final class Pair {
        let security: ServerSecurity
        let server: RoleServer
        let loop: EventLoop
        let engine: TransferEngine
        private let authorities: URL

        init(
            resumesSessions: Bool = true, limits: ServerLimits = ServerLimits(),
            change: (inout TransferConfiguration) -> Void = { _ in },
            role: @escaping @Sendable (Exchange, EventLoop) -> Void = echo
        ) throws {
            security = try ServerSecurity(
                hosts: ["bucket.localhost"], resumesSessions: resumesSessions)
            server = try RoleServer(
                name: "test", address: ListenAddress(), security: security, limits: limits
            ) { ClosureHandler($0, role) }
            authorities = FileManager.default.temporaryDirectory
                .appendingPathComponent(UUID().uuidString)
            try Data(security.authorityPEM.utf8).write(to: authorities)
            var configuration = TransferConfiguration()
            configuration.authoritiesPath = authorities.path
            configuration.totalTimeoutNs = 15_000_000_000
            change(&configuration)
            loop = try EventLoop()
            engine = try TransferEngine(loop: loop, configuration: configuration)
        }

        deinit {
            engine.close()
            server.stop()
            try? FileManager.default.removeItem(at: authorities)
        }

        func send(
            _ method: String = "PUT", _ body: [BodySlice] = [], host: String = "localhost",
            group: Int = 0
        ) throws -> Result<Answer, FailedTransfer> {
            let origin = Origin(scheme: .https, host: host, port: server.port)
            var request = Request(method, "/k", at: origin, fields: [], body: body)
            request.connectionGroup = group
            var result: Result<Answer, FailedTransfer>?
            engine.send(request) { result = $0 }
            // Ends by the request's own time limit.
            while result == nil { loop.turn() }
            return try #require(result)
        }
    }

    @Test(arguments: ["localhost", "bucket.localhost", "127.0.0.1"])
    func `a role is verified by its authority, under all of its names`(_ host: String) throws {
        let pair = try Pair()
        let answer = try pair.send(host: host).get()
        #expect(answer.status == 200)
        #expect(answer.timings.tlsNs ?? 0 > 0)
    }

    @Test func `another authority does not vouch for a role, unless nobody is asked`() throws {
        let other = try ServerSecurity()
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data(other.authorityPEM.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let wary = try Pair { $0.authoritiesPath = file.path }
        guard case .failure(let failed) = try wary.send(), case .tlsFailed(let why) = failed.failure
        else {
            Issue.record("the certificate was taken")
            return
        }
        #expect(why.contains("certificate"))
        let careless = try Pair {
            $0.authoritiesPath = nil
            $0.verifiesServer = false
        }
        #expect(try careless.send().get().status == 200)
    }

    @Test(arguments: [(true, true, 3), (true, false, 0), (false, true, 0)])
    func `later connections resume the session where both sides want it`(
        _ server: Bool, _ client: Bool, _ resumed: Int
    ) throws {
        let pair = try Pair(resumesSessions: server) { $0.resumesTLSSessions = client }
        // A group of its own is a connection of its own.
        let received = try (1...4).map { try pair.send(group: $0).get().bytesReceived }
        #expect(pair.security.handshakes == (4, resumed))
        #expect((received[3] < received[0] - 400) == (resumed > 0))
    }

    @Test func `handshakes and records count as bytes sent and received`() throws {
        let pair = try Pair {
            $0.answerBodyLimitBytes = 0
        } role: { exchange, _ in
            exchange.receiveBody(
                into: CollectingSink { _ in exchange.respond(HTTPResponse(status: 200)) })
        }
        let bytes: Int64 = 1_000_000
        let body = [BodySlice(Payload(byteCount: Int(bytes), seed: 5))]
        let first = try pair.send("PUT", body).get()
        let second = try pair.send("PUT", body).get()
        #expect(!first.isConnectionReused && second.isConnectionReused)
        // A record adds 22 bytes to at most 16 KiB (RFC 8446 section 5.2); heads are some 100 bytes.
        let records = (bytes / 16_384 + 2) * 22
        #expect((bytes + records - 44...bytes + records + 300).contains(second.bytesSent))
        #expect((first.bytesSent - second.bytesSent) > 250)
        #expect((first.bytesSent - second.bytesSent) < 1_500)
        #expect((first.bytesReceived - second.bytesReceived) > 600)
        #expect(second.bytesReceived == 75 + 22)
    }

    @Test func `a transfer that was lost counts its handshake too`() throws {
        let pair = try Pair {
            $0.totalTimeoutNs = 400_000_000
        } role: { _, _ in
        }
        guard case .failure(let failed) = try pair.send() else {
            Issue.record("there is an answer")
            return
        }
        #expect(failed.failure == .totalTimedOut)
        #expect(failed.bytesReceived > 600)
        #expect(failed.bytesSent > 400)
    }

    @Test func `large bodies go both ways`() throws {
        let pair = try Pair {
            $0.answerBodyLimitBytes = 16 << 20
        } role: { exchange, _ in
            exchange.receiveBody(
                into: CollectingSink { body in
                    exchange.respond(
                        HTTPResponse(
                            status: exchange.request.isSecure ? 200 : 500, body: .bytes(body)))
                })
        }
        let payload = Payload(byteCount: 9_000_001, seed: 6)
        let answer = try pair.send("PUT", [BodySlice(payload)]).get()
        #expect(answer.status == 200)
        #expect(answer.body.elementsEqual(payload.buffer))
    }

    @Test func `other roles come without TLS, by a port of this machine alone`() throws {
        let security = try ServerSecurity()
        let isSecure: @Sendable (EventLoop) -> any RequestHandler = {
            ClosureHandler($0) { exchange, _ in
                exchange.respond(HTTPResponse(status: exchange.request.isSecure ? 500 : 200))
            }
        }
        let server = try RoleServer(
            name: "test", address: ListenAddress(host: "127.0.0.2"), security: security,
            makeHandler: isSecure)
        defer { server.stop() }
        #expect(server.innerAddress.host == "127.0.0.1")
        #expect(server.innerPort != server.port)
        let client = try RawClient(port: server.innerPort)
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.answer().status == 200)
    }

    @Test func `a client without TLS meets an orderly end, not a reset`() throws {
        let pair = try Pair()
        let client = try RawClient(port: pair.server.port)
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(client.isClosed())
    }

    @Test func `a handshake has no more time than a head`() throws {
        var limits = ServerLimits()
        limits.headTimeout = .milliseconds(100)
        let pair = try Pair(limits: limits)
        #expect(try RawClient(port: pair.server.port).isClosed())
    }
}
