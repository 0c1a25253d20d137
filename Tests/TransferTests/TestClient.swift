import Foundation
import NetIO
import Testing
import Transfer

/// An engine with its loop, driven by the test's own thread.
final class TestClient {
    let loop: EventLoop
    let engine: TransferEngine
    let server: ScriptedServer

    init(
        configuration: TransferConfiguration = .forTests,
        script: @escaping @Sendable (Peer) -> Void
    ) throws {
        server = try ScriptedServer(script)
        loop = try EventLoop()
        engine = try TransferEngine(loop: loop, configuration: configuration)
    }

    deinit {
        engine.close()
        server.stopListening()
    }

    var origin: Origin { Origin(scheme: .http, host: "127.0.0.1", port: server.port) }

    func request(
        _ method: String, _ target: String = "/k", fields: [(name: String, value: String)] = [],
        body: [BodySlice] = [], expectsContinue: Bool = false, redirectLimit: Int = 0
    ) -> Request {
        Request(
            method, target, at: origin, fields: fields, body: body,
            expectsContinue: expectsContinue, redirectLimit: redirectLimit)
    }

    /// Sends all at once and returns the results in the order of the requests.
    func send(_ requests: [Request]) -> [Result<Answer, FailedTransfer>] {
        var results = [Result<Answer, FailedTransfer>?](repeating: nil, count: requests.count)
        var left = requests.count
        for (index, request) in requests.enumerated() {
            engine.send(request) { result in
                #expect(results[index] == nil, "a completion was called twice")
                results[index] = result
                left -= 1
            }
        }
        var isLate = false
        let guardTimer = loop.schedule(afterNs: 20_000_000_000) { isLate = true }
        while left > 0, !isLate { loop.turn() }
        loop.cancel(guardTimer)
        #expect(!isLate, "a request hangs")
        return results.map { result in
            result ?? .failure(FailedTransfer.hanging)
        }
    }

    func send(_ request: Request) -> Result<Answer, FailedTransfer> { send([request])[0] }

    func answer(_ request: Request) throws -> Answer { try send(request).get() }

    func failure(_ request: Request) -> TransferFailure? {
        switch send(request) {
        case .success: nil
        case .failure(let failed): failed.failure
        }
    }
}

extension FailedTransfer {
    static var hanging: FailedTransfer {
        FailedTransfer(failure: .cancelled, timings: Timings())
    }
}

extension TransferConfiguration {
    static var forTests: TransferConfiguration {
        var configuration = TransferConfiguration()
        configuration.totalTimeoutNs = 15_000_000_000
        return configuration
    }
}

extension Peer {
    /// Reads a head and the body that its Content-Length promises.
    func readRequest() -> (head: String, body: [UInt8]) {
        let head = readHead()
        return (head, readBody(contentLength(head)))
    }

    func contentLength(_ head: String) -> Int {
        for line in head.split(separator: "\r\n") where line.hasPrefix("Content-Length: ") {
            return Int(line.dropFirst("Content-Length: ".count)) ?? 0
        }
        return 0
    }

    func ok(_ body: String = "") {
        write("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
}
