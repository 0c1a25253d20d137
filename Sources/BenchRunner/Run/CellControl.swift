import Measure
import Synchronization

/// When a cell's uploads may start, and what its workers tell the progress line. Made once per
/// cell and shared by its workers.
final class CellControl: Sendable {
    let load: Load
    let startNs: Int64
    /// Uploads that are intended to start before this are warm-up and do not count.
    let measureFromNs: Int64
    /// No upload is intended to start at or after this, nil: the count ends the cell.
    let lastStartNs: Int64?
    /// Closed model: uploads per worker that count, nil: the time ends the cell.
    let uploadsPerWorker: [Int]?
    /// Open model: the index of the first arrival that is beyond the count.
    let endIndex: Int64

    /// What lies in it counts for the rate.
    var window: ClosedRange<Int64> { measureFromNs...max(measureFromNs, lastStartNs ?? .max) }

    /// For the threads to wake up before the first arrival; clients start when they have.
    private static let leadNs: Int64 = 2_000_000

    private let ended = Atomic<Int>(0)
    private let failed = Atomic<Int>(0)
    private let bytes = Atomic<Int64>(0)
    private let overflowed = Atomic<Int>(0)
    private let underWay = Atomic<Int>(0)
    private let stopped = Atomic<Bool>(false)
    private let startsNoMore = Atomic<Bool>(false)
    private let handedOver: Mutex<HandedOver>
    /// Response times of successes after the warm-up.
    private let responses = Mutex(Histogram())

    /// Uploads that have ended, by worker up to a time, and not looked at yet.
    private struct HandedOver {
        var uploads: [UploadTimes] = []
        var untilNs: [Int64]
    }

    /// - Parameter startNs: asked for last: to count a long warm-up's arrivals takes a while.
    init(_ load: Load, threads: Int, startNs: () -> Int64) {
        self.load = load
        handedOver = Mutex(HandedOver(untilNs: Array(repeating: 0, count: threads)))
        let warmupNs = load.warmup.wholeNanoseconds
        var (perWorker, end): ([Int]?, Int64) = (nil, .max)
        switch (load.model, load.extent) {
        case (_, .duration): break
        case (.closed, .uploads(let total)):
            perWorker = (0..<threads).map { total / threads + ($0 < total % threads ? 1 : 0) }
        case (.open(let open), .uploads(let total)):
            end = open.schedule.count(beforeNs: warmupNs) + Int64(total)
        }
        (uploadsPerWorker, endIndex) = (perWorker, end)
        self.startNs = startNs() + (load.open == nil ? 0 : Self.leadNs)
        measureFromNs = self.startNs + warmupNs
        lastStartNs = load.lengthNs.map { [start = self.startNs] in start + $0 }
    }

    // MARK: Stopping

    /// From any thread: nothing starts any more, and what is under way is cut off.
    func stop() { stopped.store(true, ordering: .relaxed) }

    var isStopped: Bool { stopped.load(ordering: .relaxed) || Interruption.isRequested }

    /// From any thread: nothing starts any more, and what is under way ends by itself.
    func stopStarting() { startsNoMore.store(true, ordering: .relaxed) }

    var mayStart: Bool { !isStopped && !startsNoMore.load(ordering: .relaxed) }

    // MARK: Single uploads, while the cell runs

    /// Called by a worker: these have ended, and no others that ended before `until`.
    func handOver(_ uploads: [UploadTimes], worker: Int, untilNs until: Int64) {
        handedOver.withLock {
            $0.uploads += uploads
            $0.untilNs[worker] = until
        }
    }

    /// What came since the last call, and until when it is all that ended.
    func takeUploads() -> (uploads: [UploadTimes], untilNs: Int64) {
        handedOver.withLock { waiting in
            let taken = waiting.uploads
            waiting.uploads = []
            return (taken, waiting.untilNs.min() ?? 0)
        }
    }

    // MARK: Uploads in flight, of all workers together

    /// Takes one of the places for uploads under way; false when there is none.
    func enter(atMost limit: Int) -> Bool {
        guard underWay.add(1, ordering: .relaxed).newValue > limit else { return true }
        underWay.subtract(1, ordering: .relaxed)
        return false
    }

    func leave() { underWay.subtract(1, ordering: .relaxed) }

    var inFlight: Int { underWay.load(ordering: .relaxed) }

    // MARK: Progress

    /// Called by workers a few times per second with what came since the last call.
    func report(
        ended newlyEnded: Int, failed newlyFailed: Int, overflowed newlyOverflowed: Int,
        bytes newBytes: Int64, responsesUs: [Int64]
    ) {
        ended.add(newlyEnded, ordering: .relaxed)
        failed.add(newlyFailed, ordering: .relaxed)
        overflowed.add(newlyOverflowed, ordering: .relaxed)
        bytes.add(newBytes, ordering: .relaxed)
        guard !responsesUs.isEmpty else { return }
        responses.withLock { histogram in responsesUs.forEach { histogram.record($0) } }
    }

    /// Of the cell so far; nil before the first success.
    var p99Us: Int64? { responses.withLock { $0.valueUs(atPercentile: 99) } }

    struct Progress {
        let ended: Int
        let failed: Int
        let overflowed: Int
        let bytes: Int64
    }

    var progress: Progress {
        Progress(
            ended: ended.load(ordering: .relaxed), failed: failed.load(ordering: .relaxed),
            overflowed: overflowed.load(ordering: .relaxed), bytes: bytes.load(ordering: .relaxed))
    }
}

extension Duration {
    /// Saturates at the ends of Int64.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product + attoseconds / 1_000_000_000
    }

    var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}
