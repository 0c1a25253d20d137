import Measure
import Scenarios
import Transfer

/// One client of the closed model: it carries one upload at a time, and starts the next when
/// that one has ended.
final class Lane {
    private let scenario: any Scenario
    private unowned let worker: Worker
    private var content: UploadContent?
    private var sample = Sample()
    private var phase = Phase.authorize

    init(_ scenario: any Scenario, worker: Worker) {
        self.scenario = scenario
        self.worker = worker
    }

    func start(_ content: UploadContent, upload: Int64, isWarmup: Bool) {
        self.content = content
        sample = Sample()
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
        case .send(let next):
            phase = next.phase
            sample.requests += 1
            worker.engine.send(next.request) { [unowned self] result in received(result) }
        case .finished(let end):
            finish(end)
        }
    }

    private func received(_ result: Result<Answer, FailedTransfer>) {
        switch result {
        case .success(let answer):
            count(answer.timings, sent: answer.bytesSent, received: answer.bytesReceived)
            sample.retries += answer.retries
            take(scenario.received(answer, unixSeconds: worker.unixSeconds))
        case .failure(let failed):
            count(failed.timings, sent: failed.bytesSent, received: failed.bytesReceived)
            sample.retries += failed.retries
            finish(UploadEnd(Outcome(failed.failure), errorCode: failed.failure.code))
        }
    }

    private func count(_ timings: Timings, sent: Int64, received: Int64) {
        sample.bytesSent += sent
        sample.bytesReceived += received
        let duration = timings.endedNs - timings.startedNs
        switch phase {
        case .authorize: sample.authorizeNs = (sample.authorizeNs ?? 0) + duration
        case .upload: sample.uploadNs = (sample.uploadNs ?? 0) + duration
        case .notify: sample.notifyNs = (sample.notifyNs ?? 0) + duration
        }
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
        worker.ended(self, sample, sizeBytes: content?.sizeBytes ?? 0)
    }
}
