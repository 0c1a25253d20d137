import Measure
import NetIO
import Scenarios
import Transfer

/// Carries one upload at a time: a client of the closed model, one of those under way in the open
/// model.
final class Lane {
    private let scenario: any Scenario
    /// Outlives its lanes, and every upload asks for it: not checked.
    private unowned(unsafe) let worker: Worker
    /// Its connections are its own when each upload is to begin without any.
    private let connectionGroup: Int
    private let keepsConnections: Bool
    private var content: UploadContent?
    private var sample = Sample()
    private var phases = PhaseTimes()
    private var underWay = 0
    private var end: UploadEnd?
    private var notedKey: String?

    init(
        _ scenario: any Scenario, worker: Worker, connectionGroup: Int, keepsConnections: Bool
    ) {
        self.scenario = scenario
        self.worker = worker
        self.connectionGroup = connectionGroup
        self.keepsConnections = keepsConnections
    }

    /// - Parameter intendedNs: nil in the closed model, which has no schedule that a start could be
    ///   late for.
    func start(
        _ content: UploadContent, upload: Int64, isWarmup: Bool, intendedNs: Int64?, at now: Int64
    ) {
        self.content = content
        sample = Sample()
        phases = PhaseTimes()
        end = nil
        notedKey = nil
        sample.upload = upload
        sample.worker = worker.index
        sample.isWarmup = isWarmup
        sample.startedNs = now
        sample.intendedNs = intendedNs ?? now
        take(scenario.begin(content, unixSeconds: worker.unixSeconds), at: nil)
    }

    /// - Parameter endedNs: when the answer came that the step follows from; nil for the first.
    private func take(_ step: Step, at endedNs: Int64?) {
        if let journal = worker.journal, let written = scenario.writtenKey,
            let key = journal.key(of: written), key != notedKey
        {
            notedKey = key
            worker.note(key, journal)
        }
        switch step {
        case .send(let next): send(next)
        case .sendAll(let all): all.forEach(send)
        case .wait: precondition(underWay > 0, "the strategy waits for nothing")
        case .finished(let end): finish(end, at: endedNs ?? monotonicNs())
        }
    }

    private func send(_ next: ScenarioRequest) {
        sample.requests += 1
        underWay += 1
        guard worker.retries == nil else { return attempt(next, number: 1, cost: nil) }
        let (phase, tag, carriesFile) = (next.phase, next.tag, next.carriesFile)
        var request = next.request
        request.connectionGroup = connectionGroup
        // The worker keeps its lanes until its engine is closed, which ends every request.
        worker.engine.send(request) { [unowned(unsafe) self] result in
            underWay -= 1
            count(result, phase, carriesFile: carriesFile)
            received(result, tag)
        }
    }

    /// Sends it, and again as the policy says, until there is a result for the strategy.
    private func attempt(_ next: ScenarioRequest, number: Int, cost: Int?) {
        var request = next.request
        request.connectionGroup = connectionGroup
        worker.engine.send(request) { [unowned(unsafe) self] result in
            count(result, next.phase, carriesFile: next.carriesFile)
            guard let failure = Retriable(result) else {
                worker.retries?.succeeded(cost: cost)
                return passOn(result, next.tag)
            }
            guard failure.cause.isRefusal || worker.mayRepeat(next), !worker.isStopped,
                let again = worker.retries?.next(afterAttempt: number, failure.cause),
                worker.budgetAllowsRepeating(Int64(request.bodyCount))
            else { return passOn(result, next.tag) }
            worker.countRetried(failure.description)
            let dueNs = monotonicNs() + again.delayNs
            wait(untilNs: dueNs) { [unowned(unsafe) self] isDue in
                guard isDue else { return passOn(result, next.tag) }
                sample.retries += 1
                sample.requests += 1
                attempt(next, number: number + 1, cost: again.cost)
            }
        }
    }

    private func passOn(_ result: Result<Answer, FailedTransfer>, _ tag: Int) {
        underWay -= 1
        received(result, tag)
    }

    private static let lookNs: Int64 = 100_000_000

    /// - Parameter then: is told false when the run was stopped meanwhile.
    private func wait(untilNs due: Int64, _ then: @escaping (Bool) -> Void) {
        let left = due - monotonicNs()
        guard left > 0, !worker.isStopped else { return then(!worker.isStopped) }
        worker.loop.schedule(afterNs: min(left, Self.lookNs)) { [unowned(unsafe) self] in
            wait(untilNs: due, then)
        }
    }

    private func received(_ result: Result<Answer, FailedTransfer>, _ tag: Int) {
        guard end == nil else { return reportIfDone() }
        switch result {
        case .success(let answer):
            take(
                scenario.received(answer, tag: tag, unixSeconds: worker.unixSeconds),
                at: answer.timings.endedNs)
        case .failure(let failed):
            take(
                scenario.failed(failed, tag: tag, unixSeconds: worker.unixSeconds),
                at: failed.timings.endedNs)
        }
    }

    private func count(
        _ result: Result<Answer, FailedTransfer>, _ phase: Phase, carriesFile: Bool
    ) {
        switch result {
        case .success(let answer):
            count(answer.timings, sent: answer.bytesSent, received: answer.bytesReceived)
            sample.retries += answer.retries
            addTimes(phase, carriesFile, answer.timings)
        case .failure(let failed):
            count(failed.timings, sent: failed.bytesSent, received: failed.bytesReceived)
            sample.retries += failed.retries
            addTimes(phase, carriesFile, failed.timings)
        }
    }

    private func count(_ timings: Timings, sent: Int64, received: Int64) {
        sample.bytesSent += sent
        sample.bytesReceived += received
        if let connect = timings.connectNs { sample.connectNs = (sample.connectNs ?? 0) + connect }
        if let tls = timings.tlsNs { sample.tlsNs = (sample.tlsNs ?? 0) + tls }
    }

    /// What ends after the upload is part of its cost in bytes and connections, but not of its time.
    private func addTimes(_ phase: Phase, _ carriesFile: Bool, _ timings: Timings) {
        if end == nil { phases.add(phase, carriesFile: carriesFile, timings) }
    }

    private func finish(_ end: UploadEnd, at endedNs: Int64) {
        sample.endedNs = endedNs
        sample.outcome = end.outcome
        sample.httpStatus = end.httpStatus
        sample.errorCode = end.errorCode
        self.end = end
        reportIfDone()
    }

    private func reportIfDone() {
        guard underWay == 0 else { return }
        sample.retries += scenario.retries
        sample.authorizeNs = phases.authorizeNs
        sample.uploadNs = phases.uploadNs
        sample.notifyNs = phases.notifyNs
        sample.sendNs = phases.sendNs
        sample.waitNs = phases.waitNs
        if !keepsConnections { worker.engine.closeIdleConnections(ofGroup: connectionGroup) }
        worker.ended(self, sample, sizeBytes: content?.sizeBytes ?? 0)
    }
}
