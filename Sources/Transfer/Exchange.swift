import CLinux

/// One request on its way, with what it has cost so far.
final class Exchange {
    var request: Request
    private let completion: (Result<Answer, FailedTransfer>) -> Void
    var timings = Timings()
    var bytesSent: Int64 = 0
    var bytesReceived: Int64 = 0
    /// `bytesSent` when the attempt began, to tell whether it has sent anything.
    var bytesSentBefore: Int64 = 0
    var retries = 0
    var redirects = 0
    var isConnectionReused = false
    var needsFreshConnection = false
    /// Set when it failed at a time when its owner cannot be told.
    var pendingFailure: TransferFailure?

    /// The connection that carries it, or the one that is being made for it.
    var connection: Connection?
    var connecting: ConnectAttempt?
    /// Position among the engine's exchanges; -1 when it has ended.
    var slot = -1

    let totalDeadlineNs: Int64
    private let connectTimeoutNs: Int64
    private let idleTimeoutNs: Int64
    private var attemptStartNs: Int64
    var lastProgressNs: Int64
    /// When the wait for `100 Continue` is over.
    var continueDeadlineNs = Int64.max

    init(
        _ request: Request, _ configuration: TransferConfiguration, at now: Int64,
        _ completion: @escaping (Result<Answer, FailedTransfer>) -> Void
    ) {
        self.request = request
        self.completion = completion
        let timeouts = request.timeouts
        connectTimeoutNs = timeouts.connectNs ?? configuration.connectTimeoutNs
        idleTimeoutNs = timeouts.idleNs ?? configuration.idleTimeoutNs
        totalDeadlineNs = later(now, timeouts.totalNs ?? configuration.totalTimeoutNs)
        attemptStartNs = now
        lastProgressNs = now
        timings.startedNs = now
    }

    func beginAttempt(at now: Int64) {
        attemptStartNs = now
        lastProgressNs = now
        bytesSentBefore = bytesSent
        timings.sendStartNs = 0
        timings.sendEndNs = 0
        timings.firstByteNs = 0
    }

    /// The time of a turn may lie before the exchange's start, when it was started between turns.
    func noteProgress(at turnNs: Int64) { lastProgressNs = max(lastProgressNs, turnNs) }

    /// When something has to happen if nothing else does.
    var nextDeadlineNs: Int64 { min(totalDeadlineNs, phaseDeadlineNs, continueDeadlineNs) }

    private var phaseDeadlineNs: Int64 {
        connecting != nil
            ? later(attemptStartNs, connectTimeoutNs) : later(lastProgressNs, idleTimeoutNs)
    }

    /// What has run out by then; nil if nothing has.
    func timeout(at now: Int64) -> TransferFailure? {
        if now >= totalDeadlineNs { return .totalTimedOut }
        guard now >= phaseDeadlineNs else { return nil }
        return connecting != nil ? .connectTimedOut : .idleTimedOut
    }

    func succeed(_ answer: ReadAnswer) {
        completion(
            .success(
                Answer(
                    status: answer.status, headers: answer.headers, body: answer.body,
                    timings: timings, bytesSent: bytesSent, bytesReceived: bytesReceived,
                    isConnectionReused: isConnectionReused, retries: retries,
                    redirects: redirects)))
    }

    func fail(_ failure: TransferFailure) {
        timings.endedNs = clinux_monotonic_ns()
        completion(
            .failure(
                FailedTransfer(
                    failure: failure, timings: timings, bytesSent: bytesSent,
                    bytesReceived: bytesReceived, isConnectionReused: isConnectionReused,
                    retries: retries, redirects: redirects)))
    }
}

/// The time `delay` after `time`, or never.
private func later(_ time: Int64, _ delay: Int64) -> Int64 {
    let (sum, overflow) = time.addingReportingOverflow(delay)
    return overflow ? .max : sum
}
