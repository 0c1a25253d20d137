import Foundation
import NetIO
import Testing

@testable import Testbed

@Suite(.serialized) struct UploadSigningTests {
    private static let partCount: Int64 = 4000

    /// A request to sign that many parts, under way.
    private func begin(_ gateway: GatewayFixture) throws -> RawClient {
        let partBytes: Int64 = 5_242_880
        let body = """
            {"contentType":"image/png","size":\(Self.partCount * partBytes),"partBytes":\(partBytes)}
            """
        let client = try RawClient(port: gateway.gatewayPort)
        client.send(
            "POST /signed-multipart HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                + "Authorization: Bearer \(GatewayFixture.token)\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return client
    }

    private func seconds(_ work: () throws -> Void) rethrows -> Double {
        let start = clock()
        try work()
        return clock() - start
    }

    private func clock() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

    @Test func `others are served while many parts are signed`() throws {
        try GatewayFixture.run { gateway in
            let client = try begin(gateway)
            var longest = 0.0
            let total = try seconds {
                while !client.hasAnswer(withinMilliseconds: 1) {
                    let wait = try seconds {
                        let status = try gateway.call("GET", "/signed-url").status
                        #expect(status == 200)
                    }
                    longest = max(longest, wait)
                }
            }
            #expect(longest < total / 4, "\(longest) of \(total) s")
            let answer = try client.answer()
            let data = try #require(answer.json()?["data"] as? [String: Any])
            let parts = try #require(data["parts"] as? [String])
            let numbers = parts.compactMap { url in
                URLComponents(string: url)?.queryItems?.first { $0.name == "partNumber" }?.value
            }
            #expect(numbers == (1...Self.partCount).map { "\($0)" })
        }
    }

    @Test func `however many are signed at once, another request waits for few turns`() throws {
        try GatewayFixture.run { gateway in
            let whole = try seconds {
                let status = try begin(gateway).answer().status
                #expect(status == 200)
            }
            let clients = try (0..<300).map { _ in try begin(gateway) }
            let wait = try seconds {
                let status = try gateway.call("GET", "/signed-url?contentType=image/png").status
                #expect(status == 200)
            }
            // A turn for each of them first would take twice as long as one of them, several times.
            #expect(wait < 2 * whole, "\(wait) s, and one alone takes \(whole)")
            clients.forEach { $0.reset() }
        }
    }

    @Test func `nothing is signed for a client that has gone, and its environment is free`() throws
    {
        try GatewayFixture.run { gateway in
            let whole = try seconds {
                let status = try begin(gateway).answer().status
                #expect(status == 200)
            }
            var before = gateway.gatewayCPUNs
            var gone = try begin(gateway)
            // It is under way when what it needs of the only environment is refused to others.
            while try gateway.call("GET", "/signed-url").status != 429 {
                _ = try gone.answer()
                before = gateway.gatewayCPUNs
                gone = try begin(gateway)
            }
            gone.reset()
            while try gateway.call("GET", "/signed-url").status == 429 {}
            Thread.sleep(forTimeInterval: whole / 2)
            let used = Double(gateway.gatewayCPUNs - before) / 1e9
            #expect(used < whole / 2, "\(used) of \(whole) s")
        } change: { configuration in
            configuration.limits.lambdaConcurrency = 1
        }
    }

    @Test func `an exchange that was answered, or whose channel has gone, is awaited no more`() {
        let request = HTTPRequest(method: "GET", rawPath: "/", headers: HeaderFields([]))
        let channel = OneAnswer()
        let answered = Exchange(request: request, channel: channel)
        #expect(answered.isAwaited)
        answered.respond(HTTPResponse(status: 200))
        #expect(!answered.isAwaited)
        #expect(!Exchange(request: request, channel: OneAnswer()).isAwaited)
    }
}

private final class OneAnswer: ExchangeChannel {
    private var hasAnswered = false

    func receiveBody(of exchange: Exchange, into sink: any BodySink) { sink.finish() }
    func setBodyPaused(_ isPaused: Bool, of exchange: Exchange) {}
    func respond(_ response: HTTPResponse, to exchange: Exchange) { hasAnswered = true }
    func awaitsAnswer(to exchange: Exchange) -> Bool { !hasAnswered }
}
