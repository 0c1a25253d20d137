import Foundation
import NetIO
import Transfer

/// One request before the load: a target that is not there is an error of its own, not a table of
/// failures.
enum Reachability {
    static func check(_ plan: RunPlan, _ target: RunTarget) throws(CommandError) {
        let urls =
            [target.storeURL]
            + (plan.signer == .gateway ? [target.gatewayURL].compactMap { $0 } : [])
        for url in urls {
            guard let origin = Origin(url: url) else {
                throw .usage("'\(url)' is not an http or https URL")
            }
            let head = "GET / HTTP/1.1\r\nHost: \(origin.authority)\r\nConnection: close\r\n\r\n"
            let request = Request(origin: origin, head: Array(head.utf8), body: [])
            if case .failure(let failed) = try OneRequest.send(request) {
                throw CommandError(
                    exitCode: .targetUnavailable,
                    message: "\(url) is not available: \(failed.failure.message)")
            }
        }
    }
}

/// A single request on an engine of its own, for what is not measured.
enum OneRequest {
    private static let timeLimitNs: Int64 = 10_000_000_000

    static func send(_ request: Request) throws(CommandError) -> Result<Answer, FailedTransfer> {
        var configuration = TransferConfiguration()
        configuration.connectTimeoutNs = 5_000_000_000
        configuration.totalTimeoutNs = timeLimitNs
        do {
            let loop = try EventLoop()
            let engine = try TransferEngine(loop: loop, configuration: configuration)
            defer { engine.close() }
            var result: Result<Answer, FailedTransfer>?
            engine.send(request) { answer in
                result = answer
                loop.stop()
            }
            while result == nil { loop.turn() }
            if let result { return result }
        } catch {
            throw CommandError(exitCode: .failure, message: "no connection can be tried: \(error)")
        }
        throw CommandError(exitCode: .failure, message: "no connection can be tried")
    }
}
