import Measure
import NetIO
import Transfer

/// Sends one request after the other and waits for each answer: attempts are not measured for speed.
final class GuardClient {
    private let loop: EventLoop
    private let engine: TransferEngine
    private static let tickNs: Int64 = 100_000_000

    init(_ settings: TransferConfiguration) throws(CommandError) {
        var configuration = settings
        configuration.totalTimeoutNs = 120_000_000_000
        do {
            loop = try EventLoop()
            engine = try TransferEngine(loop: loop, configuration: configuration)
        } catch {
            throw CommandError(exitCode: .failure, message: "no connection can be made: \(error)")
        }
    }

    deinit { engine.close() }

    /// - Parameter isCleaning: goes on after an interrupt, for what must not stay behind.
    func send(_ request: Request, isCleaning: Bool = false) -> Result<Answer, FailedTransfer> {
        var result: Result<Answer, FailedTransfer>?
        engine.send(request) { result = $0 }
        while true {
            if let result { return result }
            if Interruption.isRequested, !isCleaning { engine.cancelAll() }
            let tick = loop.schedule(afterNs: Self.tickNs) {}
            loop.turn()
            loop.cancel(tick)
        }
    }
}
