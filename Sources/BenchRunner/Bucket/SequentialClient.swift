import Foundation
import Measure
import NetIO
import Transfer

/// Sends requests that are not measured for speed, and waits for each answer.
final class SequentialClient {
    private let loop: EventLoop
    private let engine: TransferEngine
    /// A server did not answer what tidies up after an interrupt: it is not asked for more.
    private var isGivenUp = false
    private static let tickNs: Int64 = 100_000_000
    /// Of one that tidies up: all that lasts longer is a server that only looks alive.
    private static let cleaningLimitNs: Int64 = 30_000_000_000
    /// Without an answer to what tidies up, once an interrupt was asked for.
    private static let graceNs: Int64 = 5_000_000_000
    private static let longestNs: Int64 = 120_000_000_000
    private static let answerLimitBytes = 16 << 20

    init(_ settings: TransferConfiguration) throws(CommandError) {
        var configuration = settings
        configuration.totalTimeoutNs = min(settings.totalTimeoutNs, Self.longestNs)
        // A thousand keys of a kilobyte, with owners and entities.
        configuration.answerBodyLimitBytes = max(
            configuration.answerBodyLimitBytes, Self.answerLimitBytes)
        do {
            loop = try EventLoop()
            engine = try TransferEngine(loop: loop, configuration: configuration)
        } catch {
            throw CommandError(exitCode: .failure, message: "no connection can be made: \(error)")
        }
    }

    deinit { engine.close() }

    /// - Parameters:
    ///   - isCleaning: goes on for a while after an interrupt, for what must not stay behind.
    ///   - deadline: cancels the request then.
    func send(
        _ request: Request, isCleaning: Bool = false, until deadline: Date = .distantFuture
    ) -> Result<Answer, FailedTransfer> {
        var result: Result<Answer, FailedTransfer>?
        engine.send(request) { result = $0 }
        var patience = Patience(limitNs: isCleaning ? Self.cleaningLimitNs : .max)
        while true {
            if let result { return result }
            let isOver = Interruption.isRequested && !isCleaning || Date() > deadline
            if isOver || isCleaning && isExhausted(&patience) { engine.cancelAll() }
            turn()
        }
    }

    private func turn() {
        let tick = loop.schedule(afterNs: Self.tickNs) {}
        loop.turn()
        loop.cancel(tick)
    }

    private func isExhausted(_ patience: inout Patience) -> Bool {
        if Interruption.isRequested {
            isGivenUp = isGivenUp || patience.isExhausted(afterInterrupt: Self.graceNs)
        }
        return isGivenUp || patience.isExhausted
    }

    /// Sends many, so many at a time, and returns when all are answered. An interrupt does not cut it
    /// off while answers come: it is for what must not stay behind.
    ///
    /// - Parameter receive: is told the index of the request.
    func sendAll(
        _ requests: [Request], atATime window: Int,
        _ receive: (Int, Result<Answer, FailedTransfer>) -> Void
    ) {
        var (next, answered) = (0, 0)
        var waiting: [(Int, Result<Answer, FailedTransfer>)] = []
        var patience = Patience(limitNs: Self.cleaningLimitNs)
        while answered < requests.count {
            while next < requests.count, next - answered < window {
                let index = next
                next += 1
                engine.send(requests[index]) { waiting.append((index, $0)) }
            }
            if isExhausted(&patience) { engine.cancelAll() }
            if waiting.isEmpty { turn() }
            for (index, result) in waiting { receive(index, result) }
            if !waiting.isEmpty { patience.renew() }
            answered += waiting.count
            waiting.removeAll(keepingCapacity: true)
        }
    }
}
