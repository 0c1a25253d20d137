import Measure

/// What is timed of each upload; the raw value names the metric in `histograms.csv`.
enum Metric: String, CaseIterable {
    case response, service, authorize, upload, notify
    case scheduleLag = "schedule-lag"
    /// Response times of uploads that failed, which the others leave out.
    case failed

    /// Among a cell's histograms.
    fileprivate var position: Int {
        switch self {
        case .response: 0
        case .service: 1
        case .authorize: 2
        case .upload: 3
        case .notify: 4
        case .scheduleLag: 5
        case .failed: 6
        }
    }
}

/// Everything counted in one cell by one worker; workers' measurements are merged after the join.
struct CellMeasurements: Sendable {
    private(set) var uploads = 0
    private(set) var errors = 0
    /// Uploads of the open model that were not started, as too many were under way.
    private(set) var overflow = 0
    /// Failures by class and code, for the line under the table.
    private(set) var failures: [Failure: Int] = [:]
    /// Answers and losses after which a request was sent again, by class and code, warm-up included.
    private(set) var retried: [Failure: Int] = [:]
    /// Bytes of files that arrived.
    private(set) var goodputBytes: Int64 = 0
    /// Bytes on the sockets, both ways, of all uploads.
    private(set) var wireBytes: Int64 = 0
    /// Of these, those that came back.
    private(set) var receivedBytes: Int64 = 0
    private(set) var requests = 0
    /// False where a client does not tell what it sent: a browser.
    private(set) var knowsWireBytes = true
    /// Successes inside the measuring window and their bytes: the rate is theirs. An upload that
    /// only partly lies in the window counts by that part, so that a window shorter than an upload
    /// still tells the rate.
    private(set) var uploadsInWindow = 0.0
    private(set) var bytesInWindow = 0.0
    private(set) var lastEndedNs: Int64 = 0
    private(set) var timeline = Timeline()
    /// Empty once they are packed.
    private var histograms: [Histogram]
    private var packed: [PackedHistogram] = []

    struct Failure: Hashable, Sendable {
        let outcome: Outcome
        let httpStatus: Int?
        let errorCode: String
    }

    init() {
        histograms = Metric.allCases.map { _ in Histogram() }
    }

    subscript(metric: Metric) -> Histogram {
        packed.isEmpty ? histograms[metric.position] : packed[metric.position].histogram
    }

    /// To be called when the cell is on the disk: what is left tells percentiles and merges into
    /// others, in a fraction of the memory.
    mutating func pack() {
        guard packed.isEmpty else { return }
        packed = histograms.map(PackedHistogram.init)
        histograms = []
        timeline = Self.writtenTimeline
    }

    /// One for all: even an empty one has a histogram.
    private static let writtenTimeline = Timeline()

    /// Counts an upload that started after the warm-up. One that the user's interrupt cut off says
    /// nothing about the target: it stands in the samples and is not counted.
    mutating func record(_ sample: Sample, sizeBytes: Int64) {
        guard sample.outcome != .cancelled else { return }
        guard sample.outcome != .overflow else {
            overflow += 1
            return
        }
        record(.scheduleLag, sample.startedNs - sample.intendedNs)
        wireBytes += sample.bytesSent + sample.bytesReceived
        if !sample.knowsWireBytes { knowsWireBytes = false }
        receivedBytes += sample.bytesReceived
        requests += sample.requests
        lastEndedNs = max(lastEndedNs, sample.endedNs)
        guard !sample.hasFailed else {
            errors += 1
            record(.failed, sample.responseNs)
            count(
                Failure(
                    outcome: sample.outcome, httpStatus: sample.httpStatus,
                    errorCode: sample.errorCode), 1)
            return
        }
        uploads += 1
        goodputBytes += sizeBytes
        recordDurations(sample)
    }

    /// Counts a failure after which the same request is sent again.
    mutating func countRetried(_ failure: Failure) { Self.count(failure, 1, in: &retried) }

    /// Counts any success, warm-up too, by its part inside the window.
    mutating func recordRate(_ sample: Sample, sizeBytes: Int64, window: ClosedRange<Int64>) {
        guard !sample.hasFailed else { return }
        let start = max(sample.startedNs, window.lowerBound)
        let end = min(sample.endedNs, window.upperBound)
        guard end >= start else { return }
        let share = Double(max(end - start, 1)) / Double(max(sample.serviceNs, 1))
        uploadsInWindow += min(share, 1)
        bytesInWindow += min(share, 1) * Double(sizeBytes)
    }

    /// Counts any upload, warm-up too, in the second in which it ended.
    mutating func recordSecond(
        _ sample: Sample, sizeBytes: Int64, cellStartNs: Int64, inFlight: Int
    ) {
        timeline.record(sample, sizeBytes: sizeBytes, cellStartNs: cellStartNs, inFlight: inFlight)
    }

    /// The seconds before `end` that were not handed over yet; they do not change any more.
    mutating func sealSeconds(before end: Int) -> [Timeline.Second] { timeline.seal(before: end) }

    /// To be called once after the last sample, before `merge`.
    mutating func finish() { timeline.finish() }

    mutating func merge(_ other: CellMeasurements) {
        uploads += other.uploads
        errors += other.errors
        overflow += other.overflow
        for (failure, times) in other.failures { count(failure, times) }
        for (failure, times) in other.retried { Self.count(failure, times, in: &retried) }
        goodputBytes += other.goodputBytes
        wireBytes += other.wireBytes
        if !other.knowsWireBytes { knowsWireBytes = false }
        receivedBytes += other.receivedBytes
        requests += other.requests
        uploadsInWindow += other.uploadsInWindow
        bytesInWindow += other.bytesInWindow
        lastEndedNs = max(lastEndedNs, other.lastEndedNs)
        timeline.merge(other.timeline)
        if !packed.isEmpty {
            histograms = packed.map(\.histogram)
            packed = []
        }
        for metric in Metric.allCases { histograms[metric.position].merge(other[metric]) }
    }

    /// The target chooses the codes: beyond so many different ones they are counted without.
    private mutating func count(_ failure: Failure, _ times: Int) {
        Self.count(failure, times, in: &failures)
    }

    private static func count(
        _ failure: Failure, _ times: Int, in counts: inout [Failure: Int]
    ) {
        let isKnown = counts[failure] != nil
        let kept =
            isKnown || counts.count < Self.failureKinds
            ? failure : Failure(outcome: failure.outcome, httpStatus: nil, errorCode: "")
        counts[kept, default: 0] += times
    }

    private static let failureKinds = 100

    private mutating func recordDurations(_ sample: Sample) {
        record(.response, sample.responseNs)
        record(.service, sample.serviceNs)
        if let duration = sample.authorizeNs { record(.authorize, duration) }
        if let duration = sample.uploadNs { record(.upload, duration) }
        if let duration = sample.notifyNs { record(.notify, duration) }
    }

    private mutating func record(_ metric: Metric, _ nanoseconds: Int64) {
        histograms[metric.position].record(nanoseconds / 1000)
    }
}
