import Measure
import NetIO
import Scenarios

/// Decides when a worker's uploads start. Belongs to the worker's thread.
protocol Starts: AnyObject {
    var inFlight: Int { get }
    /// Called once when the cell starts.
    func begin()
    /// A lane's upload is over and recorded.
    func ended(_ lane: Lane, _ outcome: Outcome)
    /// Nothing may start any more; called again and again until nothing is in flight.
    func stop()
}

/// Clients, each starting its next upload when its last has ended.
final class ClosedStarts: Starts {
    /// Outlives this, and every upload asks for it: not checked.
    private unowned(unsafe) let worker: Worker
    private let control: CellControl
    private let lanes: [Lane]
    private(set) var inFlight = 0
    /// Uploads are numbered so that no two workers share a number.
    private var nextUpload: Int64
    private let uploadStride: Int64
    private var countedLeft: Int?
    private static let pauseAfterRefusalNs: Int64 = 100_000_000

    init(_ worker: Worker, _ control: CellControl, laneCount: Int) {
        self.worker = worker
        self.control = control
        lanes = (0..<laneCount).map { _ in worker.makeLane() }
        let share = control.load.share.part(worker.index, of: worker.count)
        (nextUpload, uploadStride) = (share.offset, share.stride)
        countedLeft = control.uploadsPerWorker?[worker.index]
    }

    func begin() {
        inFlight = lanes.count
        for _ in lanes { _ = control.enter(atMost: .max) }
        for lane in lanes { startNext(lane) }
        if lanes.isEmpty { worker.cellIsOver() }
    }

    func ended(_ lane: Lane, _ outcome: Outcome) {
        guard outcome == .connectFailed, !control.isStopped else { return startNext(lane) }
        // A target that is gone refuses in microseconds: without a pause the client would only
        // count refusals.
        worker.loop.schedule(afterNs: Self.pauseAfterRefusalNs) { [unowned self] in
            startNext(lane)
        }
    }

    func stop() {}

    private func startNext(_ lane: Lane) {
        let now = monotonicNs()
        guard let isWarmup = mayStart(now), let content = worker.content(nextUpload) else {
            inFlight -= 1
            control.leave()
            if inFlight == 0 { worker.cellIsOver() }
            return
        }
        let upload = nextUpload
        nextUpload += uploadStride
        lane.start(content, upload: upload, isWarmup: isWarmup, intendedNs: nil, at: now)
    }

    /// Whether the next upload is warm-up, nil when none may start any more.
    private func mayStart(_ now: Int64) -> Bool? {
        guard control.mayStart else { return nil }
        if now < control.measureFromNs { return true }
        if let lastStart = control.lastStartNs { return now < lastStart ? false : nil }
        guard let left = countedLeft, left > 0 else { return nil }
        countedLeft = left - 1
        return false
    }
}

/// Uploads at the times of a schedule, whatever became of those before.
final class OpenStarts: Starts {
    /// Outlives this, and every upload asks for it: not checked.
    private unowned(unsafe) let worker: Worker
    private let control: CellControl
    private let maxInFlight: Int
    private var arrivals: ArrivalStream
    private var next: Arrival?
    /// All that were made: as many as were ever under way together.
    private var lanes: [Lane] = []
    private var idle: [Lane] = []
    private(set) var inFlight = 0
    /// Smoothed, of this worker's arrivals.
    private var meanGapNs = 0.0

    /// What a late worker starts before it looks at its connections again.
    private static let startsPerTurn = 32
    /// A thread that sleeps wakes up late by about this much; for the rest of the wait it looks at
    /// the clock instead, but for no more than a tenth of the time.
    static let longestSpinNs: Int64 = 60_000
    private static let spinShare = 0.1

    init(_ worker: Worker, _ control: CellControl, _ open: OpenLoad) {
        self.worker = worker
        self.control = control
        maxInFlight = open.maxInFlight
        arrivals = open.schedule.stream(open.share.part(worker.index, of: worker.count))
    }

    func begin() {
        worker.loop.onAlarm = { [unowned self] in startDue() }
        advance()
    }

    func ended(_ lane: Lane, _ outcome: Outcome) {
        idle.append(lane)
        inFlight -= 1
        control.leave()
        endIfDone()
    }

    func stop() {
        next = nil
        worker.loop.alarmNs = .max
        endIfDone()
    }

    private func startDue() {
        for _ in 0..<Self.startsPerTurn {
            guard let arrival = next, control.startNs + arrival.offsetNs <= monotonicNs() else {
                return
            }
            start(arrival)
            advance()
        }
    }

    private func start(_ arrival: Arrival) {
        let intended = control.startNs + arrival.offsetNs
        let isWarmup = intended < control.measureFromNs
        guard let content = worker.content(arrival.index) else { return }
        guard control.enter(atMost: maxInFlight) else {
            worker.overflowed(
                arrival.index, intendedNs: intended, isWarmup: isWarmup,
                sizeBytes: content.sizeBytes)
            return endIfDone()
        }
        inFlight += 1
        let lane = idle.popLast() ?? addLane()
        lane.start(
            content, upload: arrival.index, isWarmup: isWarmup, intendedNs: intended,
            at: monotonicNs())
    }

    private func addLane() -> Lane {
        let lane = worker.makeLane()
        lanes.append(lane)
        return lane
    }

    /// Sets the alarm to the next arrival, if there is one.
    private func advance() {
        let last = next?.offsetNs ?? 0
        next = !control.mayStart ? nil : arrivals.next().flatMap(admitted)
        guard let arrival = next else {
            worker.loop.alarmNs = .max
            return endIfDone()
        }
        let gap = Double(arrival.offsetNs - last)
        meanGapNs += (gap - meanGapNs) / (meanGapNs == 0 ? 1 : 16)
        worker.loop.spinNs = min(Self.longestSpinNs, Int64(meanGapNs * Self.spinShare))
        worker.loop.alarmNs = control.startNs + arrival.offsetNs
    }

    private func admitted(_ arrival: Arrival) -> Arrival? {
        if let last = control.lastStartNs, control.startNs + arrival.offsetNs >= last { return nil }
        return arrival.index < control.endIndex ? arrival : nil
    }

    private func endIfDone() {
        if next == nil, inFlight == 0 { worker.cellIsOver() }
    }
}
