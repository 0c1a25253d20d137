import CLinux
import Foundation
import Measure
import NetIO
import Scenarios
import Transfer

/// What a worker needs, beside its number.
struct WorkerSetup {
    let cell: Cell
    let workload: Workload
    let engineSettings: TransferConfiguration
    let keepsConnections: Bool
    /// Hands each upload's times over, for a caller that looks at single uploads.
    let keepsTimes: Bool
    /// Where keys are noted that an API chose; nil where that is not needed.
    let journal: KeyJournal?
    let budget: CellBudget?
    let retry: RetryPlan
    /// Gets the seconds that are over while the cell runs; nil where nobody writes them.
    let live: LiveTimeline?
    let makeScenario: (_ lane: Int) -> any Scenario
}

/// One thread of a cell: it owns its event loop, its connections, its lanes and its counters, and
/// shares nothing that is written to while uploads run, but the count of uploads in flight.
final class Worker {
    let index: Int
    /// Of all workers.
    let count: Int
    let loop: EventLoop
    let engine: TransferEngine
    private let setup: WorkerSetup
    /// Asked with every step of every upload.
    let journal: KeyJournal?
    private var samples: SampleEncoder
    private var measurements = CellMeasurements()
    /// Not handed over yet.
    private var times: [UploadTimes] = []
    private var control: CellControl?
    private var starts: (any Starts)?
    private var laneCount = 0
    private(set) var endedUploads = 0
    /// Of successes that the progress line has not heard of.
    private var responsesUs: [Int64] = []
    private var reported = (ended: 0, failed: 0, overflowed: 0, bytes: Int64(0))
    private var failed = 0
    private var overflowed = 0
    private var bytes: Int64 = 0
    /// The wall clock, read a few times per second: signatures need no more.
    private(set) var unixSeconds = Int64(Date().timeIntervalSince1970)
    private var cancelledNs: Int64?
    /// Seconds of the cell that were handed over.
    private var finishedSeconds = 0
    /// nil: nothing is sent again.
    var retries: StandardRetries?
    private static let tickNs: Int64 = 100_000_000
    private static let clearingNs: Int64 = 3_000_000_000

    init(index: Int, of count: Int, setup: WorkerSetup, samples: SampleEncoder) throws {
        self.index = index
        self.count = count
        self.setup = setup
        journal = setup.journal
        self.samples = samples
        retries = setup.retry.makeRetries(worker: index)
        loop = try EventLoop()
        engine = try TransferEngine(loop: loop, configuration: setup.engineSettings)
    }

    /// Runs until the cell is over, and returns what was measured.
    func run(_ control: CellControl) -> WorkerResult {
        self.control = control
        unixSeconds = Int64(Date().timeIntervalSince1970)
        clinux_set_timer_slack(1)
        let (cpuNs, startNs) = (threadCPUNs(), monotonicNs())
        let starts = makeStarts(control)
        self.starts = starts
        starts.begin()
        if !isOver { tick() }
        // An interrupt since then has ended the cell in its first look, and nothing would end the loop again.
        if !isOver { loop.run() }
        engine.close()
        report()
        samples.flush()
        measurements.finish()
        setup.live?.add([], worker: index, isLast: true)
        let usedNs = max(0, threadCPUNs() - cpuNs - loop.spunNs)
        return WorkerResult(
            measurements: measurements, endedUploads: endedUploads,
            busyShare: Double(usedNs) / Double(max(1, monotonicNs() - startNs)),
            spunNs: loop.spunNs)
    }

    private func makeStarts(_ control: CellControl) -> any Starts {
        switch control.load.model {
        case .open(let open): return OpenStarts(self, control, open)
        case .closed(let clients):
            let lanes = clients / count + (index < clients % count ? 1 : 0)
            return ClosedStarts(self, control, laneCount: lanes)
        }
    }

    // MARK: What starts use

    func makeLane() -> Lane {
        laneCount += 1
        return Lane(
            setup.makeScenario(laneCount - 1), worker: self,
            connectionGroup: setup.keepsConnections ? 0 : laneCount,
            keepsConnections: setup.keepsConnections)
    }

    /// What upload `index` of the cell sends.
    ///
    /// - Returns: nil when the run's budget has no room for it.
    func content(_ index: Int64) -> UploadContent? {
        guard let content = setup.workload.content(for: setup.cell, index: index) else {
            return nil
        }
        guard let budget = setup.budget, !budget.takeUpload(content.sizeBytes) else {
            return content
        }
        control?.stopStarting()
        return nil
    }

    func overflowed(_ upload: Int64, intendedNs: Int64, isWarmup: Bool, sizeBytes: Int64) {
        var sample = Sample()
        sample.upload = upload
        sample.worker = index
        sample.isWarmup = isWarmup
        sample.intendedNs = intendedNs
        sample.outcome = .overflow
        overflowed += 1
        record(sample, sizeBytes: sizeBytes)
    }

    private var isOver = false

    /// Nothing is in flight and nothing starts any more.
    func cellIsOver() {
        isOver = true
        loop.stop()
    }

    // MARK: What lanes use

    /// Before a request leaves that may make an object.
    func note(_ key: String, _ journal: KeyJournal) {
        journal.add(key: key)
        if journal.hasFailed { control?.stop() }
    }

    var isStopped: Bool { control?.isStopped ?? true }

    /// May a request be sent once more that perhaps was carried out?
    func mayRepeat(_ request: ScenarioRequest) -> Bool {
        request.request.mayBeRepeated || setup.retry.repeatsPosts(request.phase)
    }

    func budgetAllowsRepeating(_ bytes: Int64) -> Bool {
        setup.budget?.takeRepetition(bytes) ?? true
    }

    func countRetried(_ answer: CellMeasurements.Failure) { measurements.countRetried(answer) }

    func ended(_ lane: Lane, _ sample: Sample, sizeBytes: Int64) {
        record(sample, sizeBytes: sizeBytes)
        endedUploads += 1
        if sample.hasFailed {
            failed += 1
        } else {
            bytes += sizeBytes
            if !sample.isWarmup { responsesUs.append(sample.responseNs / 1000) }
        }
        starts?.ended(lane, sample.outcome)
    }

    private func record(_ sample: Sample, sizeBytes: Int64) {
        guard let control else { return }
        samples.append(sample, sizeBytes: sizeBytes)
        measurements.recordSecond(
            sample, sizeBytes: sizeBytes, cellStartNs: control.startNs,
            inFlight: starts?.inFlight ?? 0)
        if !sample.isWarmup { measurements.record(sample, sizeBytes: sizeBytes) }
        measurements.recordRate(sample, sizeBytes: sizeBytes, window: control.window)
        if setup.keepsTimes { times.append(UploadTimes(sample)) }
    }

    // MARK: A few times per second

    private func tick() {
        unixSeconds = Int64(Date().timeIntervalSince1970)
        report()
        if let control {
            if !control.mayStart { starts?.stop() }
            if control.isStopped { cancelUploads() }
            handOverSeconds(control)
        }
        guard !isOver else { return }
        loop.schedule(afterNs: Self.tickNs) { [unowned self] in tick() }
    }

    /// Ends what is under way. A strategy may still take back what it has left at the target, within
    /// a time limit.
    private func cancelUploads() {
        let now = monotonicNs()
        if let cancelledNs, now - cancelledNs < Self.clearingNs { return }
        cancelledNs = now
        engine.cancelAll()
    }

    /// Once a second: what is over shall be on the disk whatever happens next.
    private func handOverSeconds(_ control: CellControl) {
        guard let live = setup.live else { return }
        let end = Int(max(0, monotonicNs() - control.startNs) / 1_000_000_000)
        guard end > finishedSeconds else { return }
        finishedSeconds = end
        live.add(measurements.sealSeconds(before: end), worker: index)
        samples.flush()
    }

    private func report() {
        control?.report(
            ended: endedUploads - reported.ended, failed: failed - reported.failed,
            overflowed: overflowed - reported.overflowed, bytes: bytes - reported.bytes,
            responsesUs: responsesUs)
        responsesUs.removeAll(keepingCapacity: true)
        reported = (endedUploads, failed, overflowed, bytes)
        guard setup.keepsTimes else { return }
        control?.handOver(times, worker: index, untilNs: monotonicNs())
        times.removeAll(keepingCapacity: true)
    }
}

/// What one worker brings home.
struct WorkerResult: Sendable {
    let measurements: CellMeasurements
    let endedUploads: Int
    /// The share of the cell's time in which the thread was computing; waiting for the next start
    /// is not counted.
    let busyShare: Double
    let spunNs: Int64
}

/// When one upload was intended to start, did start, and ended.
struct UploadTimes: Sendable {
    let upload: Int64
    let isWarmup: Bool
    /// CLOCK_MONOTONIC; start and end are 0 for one that never started.
    let intendedNs: Int64
    let startedNs: Int64
    let endedNs: Int64
    let outcome: Outcome

    init(_ sample: Sample) {
        upload = sample.upload
        isWarmup = sample.isWarmup
        intendedNs = sample.intendedNs
        startedNs = sample.startedNs
        endedNs = sample.endedNs
        outcome = sample.outcome
    }

    /// From the intended start; nil unless it succeeded.
    var responseNs: Int64? { outcome == .success ? endedNs - intendedNs : nil }
}
