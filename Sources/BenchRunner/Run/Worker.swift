import Foundation
import Measure
import NetIO
import Scenarios
import Transfer

/// One thread of a cell: it owns its event loop, its connections, its lanes and its counters, and
/// shares nothing that is written to while uploads run.
final class Worker {
    let index: Int
    let engine: TransferEngine
    private let loop: EventLoop
    private let cell: Cell
    private let keepsConnections: Bool
    private let control: CellControl
    private let workload: Workload
    private var samples: SampleEncoder
    private var measurements = CellMeasurements()
    private var lanes: [Lane] = []
    private var running = 0
    /// Uploads of this worker are numbered so that no two workers share a number.
    private var nextUpload: Int64
    private let uploadStride: Int64
    private var countedLeft: Int?
    private var warmedUp = 0
    private(set) var endedUploads = 0
    private var reported = (ended: 0, failed: 0, bytes: Int64(0))
    private var failed = 0
    private var bytes: Int64 = 0
    /// The wall clock, read a few times per second: signatures need no more.
    private(set) var unixSeconds = Int64(Date().timeIntervalSince1970)
    private var cancelledNs: Int64?
    private static let tickNs: Int64 = 100_000_000
    private static let clearingNs: Int64 = 3_000_000_000
    private static let pauseAfterRefusalNs: Int64 = 100_000_000

    init(
        index: Int, of count: Int, cell: Cell, control: CellControl, workload: Workload,
        samples: SampleEncoder, engineSettings: TransferConfiguration, keepsConnections: Bool
    ) throws {
        self.index = index
        self.keepsConnections = keepsConnections
        self.cell = cell
        self.control = control
        self.workload = workload
        self.samples = samples
        nextUpload = Int64(index)
        uploadStride = Int64(count)
        countedLeft = control.uploadsPerWorker?[index]
        loop = try EventLoop()
        engine = try TransferEngine(loop: loop, configuration: engineSettings)
    }

    /// Runs the lanes until the cell is over, and returns what they measured.
    func run(_ makeScenario: (Int) -> any Scenario, laneCount: Int) -> CellMeasurements {
        lanes = (0..<laneCount).map { lane in
            Lane(
                makeScenario(lane), worker: self,
                connectionGroup: keepsConnections ? 0 : lane + 1,
                keepsConnections: keepsConnections)
        }
        running = lanes.count
        lanes.forEach { startNext($0) }
        if running > 0 {
            tick()
            loop.run()
        }
        engine.close()
        report()
        samples.flush()
        measurements.finish()
        return measurements
    }

    func ended(_ lane: Lane, _ sample: Sample, sizeBytes: Int64) {
        samples.append(sample, sizeBytes: sizeBytes)
        measurements.recordSecond(
            sample, sizeBytes: sizeBytes, cellStartNs: control.startNs, inFlight: running)
        if !sample.isWarmup {
            measurements.record(sample, sizeBytes: sizeBytes)
        }
        measurements.recordRate(sample, sizeBytes: sizeBytes, window: control.window)
        endedUploads += 1
        if sample.hasFailed {
            failed += 1
        } else {
            bytes += sizeBytes
        }
        guard sample.outcome == .connectFailed, !Interruption.isRequested else {
            startNext(lane)
            return
        }
        // A target that is gone refuses in microseconds: without a pause the client would only
        // count refusals.
        loop.schedule(afterNs: Self.pauseAfterRefusalNs) { [unowned self] in startNext(lane) }
    }

    private func startNext(_ lane: Lane) {
        let now = monotonicNs()
        guard let isWarmup = mayStart(now),
            let content = workload.content(for: cell, index: nextUpload)
        else {
            running -= 1
            if running == 0 { loop.stop() }
            return
        }
        let upload = nextUpload
        nextUpload += uploadStride
        lane.start(content, upload: upload, isWarmup: isWarmup)
    }

    /// Whether the next upload is warm-up, nil when none may start any more.
    private func mayStart(_ now: Int64) -> Bool? {
        guard !Interruption.isRequested else { return nil }
        if now < control.measureFromNs { return true }
        if let lastStart = control.lastStartNs { return now < lastStart ? false : nil }
        guard let left = countedLeft, left > 0 else { return nil }
        countedLeft = left - 1
        return false
    }

    private func tick() {
        unixSeconds = Int64(Date().timeIntervalSince1970)
        report()
        if Interruption.isRequested { cancelUploads() }
        guard running > 0 else { return }
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

    private func report() {
        control.report(
            ended: endedUploads - reported.ended, failed: failed - reported.failed,
            bytes: bytes - reported.bytes)
        reported = (endedUploads, failed, bytes)
    }
}
