import Measure
import Scenarios
import Transfer

/// One client of the closed model: it carries one upload at a time, and starts the next when
/// that one has ended.
final class Lane {
    private let scenario: any Scenario
    private unowned let worker: Worker
    /// Its connections are its own when each upload is to begin without any.
    private let connectionGroup: Int
    private let keepsConnections: Bool
    private var content: UploadContent?
    private var sample = Sample()
    private var phases = PhaseTimes()
    private var underWay = 0
    private var end: UploadEnd?

    init(
        _ scenario: any Scenario, worker: Worker, connectionGroup: Int, keepsConnections: Bool
    ) {
        self.scenario = scenario
        self.worker = worker
        self.connectionGroup = connectionGroup
        self.keepsConnections = keepsConnections
    }

    func start(_ content: UploadContent, upload: Int64, isWarmup: Bool) {
        self.content = content
        sample = Sample()
        phases = PhaseTimes()
        end = nil
        sample.upload = upload
        sample.worker = worker.index
        sample.isWarmup = isWarmup
        sample.startedNs = monotonicNs()
        // The closed model has no schedule that a start could be late for.
        sample.intendedNs = sample.startedNs
        take(scenario.begin(content, unixSeconds: worker.unixSeconds))
    }

    private func take(_ step: Step) {
        switch step {
        case .send(let next): send(next)
        case .sendAll(let all): all.forEach(send)
        case .wait: precondition(underWay > 0, "the strategy waits for nothing")
        case .finished(let end): finish(end)
        }
    }

    private func send(_ next: ScenarioRequest) {
        sample.requests += 1
        underWay += 1
        let (phase, tag) = (next.phase, next.tag)
        var request = next.request
        request.connectionGroup = connectionGroup
        worker.engine.send(request) { [unowned self] result in
            underWay -= 1
            received(result, phase, tag)
        }
    }

    private func received(_ result: Result<Answer, FailedTransfer>, _ phase: Phase, _ tag: Int) {
        switch result {
        case .success(let answer):
            count(phase, answer.timings, sent: answer.bytesSent, received: answer.bytesReceived)
            sample.retries += answer.retries
        case .failure(let failed):
            count(phase, failed.timings, sent: failed.bytesSent, received: failed.bytesReceived)
            sample.retries += failed.retries
        }
        guard end == nil else { return reportIfDone() }
        switch result {
        case .success(let answer):
            take(scenario.received(answer, tag: tag, unixSeconds: worker.unixSeconds))
        case .failure(let failed):
            take(scenario.failed(failed, tag: tag, unixSeconds: worker.unixSeconds))
        }
    }

    private func count(_ phase: Phase, _ timings: Timings, sent: Int64, received: Int64) {
        sample.bytesSent += sent
        sample.bytesReceived += received
        phases.add(phase, from: timings.startedNs, to: timings.endedNs)
        if let connect = timings.connectNs { sample.connectNs = (sample.connectNs ?? 0) + connect }
        if let tls = timings.tlsNs { sample.tlsNs = (sample.tlsNs ?? 0) + tls }
        guard phase == .upload, timings.sendEndNs > 0 else { return }
        sample.sendNs = timings.sendEndNs - timings.sendStartNs
        if timings.firstByteNs > 0 {
            sample.waitNs = max(0, timings.firstByteNs - timings.sendEndNs)
        }
    }

    private func finish(_ end: UploadEnd) {
        sample.endedNs = monotonicNs()
        sample.outcome = end.outcome
        sample.httpStatus = end.httpStatus
        sample.errorCode = end.errorCode
        self.end = end
        reportIfDone()
    }

    private func reportIfDone() {
        guard underWay == 0 else { return }
        sample.retries += scenario.retries
        (sample.authorizeNs, sample.uploadNs, sample.notifyNs) = phases.all
        if !keepsConnections { worker.engine.closeIdleConnections(ofGroup: connectionGroup) }
        worker.ended(self, sample, sizeBytes: content?.sizeBytes ?? 0)
    }
}

/// How long each phase took: from its first request's start to its last answer, for requests of one
/// phase run side by side; a phase that comes in stretches is their sum.
private struct PhaseTimes {
    private var spans: [(start: Int64, end: Int64, before: Int64)?] = [nil, nil, nil]

    mutating func add(_ phase: Phase, from start: Int64, to end: Int64) {
        let index = Self.index(phase)
        guard let span = spans[index] else {
            spans[index] = (start, end, 0)
            return
        }
        if start > span.end {
            spans[index] = (start, end, span.before + span.end - span.start)
        } else {
            spans[index] = (min(start, span.start), max(end, span.end), span.before)
        }
    }

    var all: (authorize: Int64?, upload: Int64?, notify: Int64?) {
        let lengths = spans.map { span in span.map { $0.before + $0.end - $0.start } }
        return (lengths[0], lengths[1], lengths[2])
    }

    private static func index(_ phase: Phase) -> Int {
        switch phase {
        case .authorize: 0
        case .upload: 1
        case .notify: 2
        }
    }
}
