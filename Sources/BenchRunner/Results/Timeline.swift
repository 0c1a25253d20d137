import Measure

/// Counts per second of a cell, with the percentiles of each second.
struct Timeline: Sendable {
    struct Second: Sendable {
        var uploads = 0
        var errors = 0
        /// Not started, in the second of the intended start.
        var overflow = 0
        var bytes: Int64 = 0
        /// When the second's last upload ended.
        var inFlight = 0
        fileprivate var response: [PackedBucket] = []
    }

    /// A bucket in 8 bytes, as a long cell has many seconds; its lower bound names it.
    fileprivate struct PackedBucket: Sendable {
        let lowestUs: UInt32
        let count: UInt32

        init(_ bucket: Histogram.Bucket) {
            lowestUs = UInt32(clamping: bucket.lowestUs)
            count = UInt32(clamping: bucket.count)
        }
    }

    private(set) var seconds: [Second] = []
    /// The second that is being recorded; an upload ends in it or, seldom, in one that is over.
    private var open = Histogram()
    private var openIndex = 0
    /// So many seconds were handed over while the cell runs, and do not change any more.
    private var sealedCount = 0
    /// A day: a cell that lasts longer keeps its counts in the last second.
    private static let maximumSeconds = 86_400

    mutating func record(_ sample: Sample, sizeBytes: Int64, cellStartNs: Int64, inFlight: Int) {
        let isOverflow = sample.outcome == .overflow
        let time = isOverflow ? sample.intendedNs : sample.endedNs
        let elapsed = max(0, time - cellStartNs) / 1_000_000_000
        let index = max(sealedCount, min(Int(elapsed), Self.maximumSeconds - 1))
        if index > openIndex { close(next: index) }
        grow(to: index)
        seconds[index].inFlight = inFlight
        guard !isOverflow else {
            seconds[index].overflow += 1
            return
        }
        // What the run's end cut off is neither a success nor a failure.
        guard sample.outcome != .cancelled else { return }
        guard !sample.hasFailed else {
            seconds[index].errors += 1
            return
        }
        seconds[index].uploads += 1
        seconds[index].bytes += sizeBytes
        open.record(sample.responseNs / 1000)
    }

    /// Closes the seconds before `end` and returns those that were not sealed before. An upload that
    /// is recorded later although it ended in one of them counts in the first that is open.
    mutating func seal(before end: Int) -> [Second] {
        let end = min(end, Self.maximumSeconds - 1)
        guard end > sealedCount else { return [] }
        if openIndex < end { close(next: end) }
        grow(to: end - 1)
        defer { sealedCount = end }
        return Array(seconds[sealedCount..<end])
    }

    /// To be called once after the last sample, before `merge`.
    mutating func finish() { close(next: openIndex) }

    /// Adds another worker's finished seconds.
    mutating func merge(_ other: Timeline) {
        guard !other.seconds.isEmpty else { return }
        grow(to: other.seconds.count - 1)
        for (index, second) in other.seconds.enumerated() { seconds[index].merge(second) }
    }

    private mutating func close(next: Int) {
        if !open.isEmpty {
            grow(to: openIndex)
            seconds[openIndex].response += open.buckets.map(PackedBucket.init)
            open.reset()
        }
        openIndex = next
    }

    private mutating func grow(to index: Int) {
        while seconds.count <= index { seconds.append(Second()) }
    }
}

extension Timeline.Second {
    /// Adds another worker's counts of the same second.
    mutating func merge(_ other: Timeline.Second) {
        uploads += other.uploads
        errors += other.errors
        overflow += other.overflow
        bytes += other.bytes
        inFlight += other.inFlight
        response += other.response
    }

    /// Percentiles of this second's response times, in µs; empty where none succeeded.
    func responseUs(atPercentiles percentiles: [Double]) -> [Int64] {
        var histogram = Histogram()
        for bucket in response {
            histogram.record(Int64(bucket.lowestUs), count: UInt64(bucket.count))
        }
        return percentiles.compactMap { histogram.valueUs(atPercentile: $0) }
    }
}
