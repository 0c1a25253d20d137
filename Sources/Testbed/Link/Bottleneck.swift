import Measure

/// The narrowest place of a path in one direction: a rate and a drop-tail queue, shared by all that
/// flows through it.
final class Bottleneck {
    let secondsPerByte: Double
    /// nil: no end.
    let queueBytes: Double?
    private var busyUntil = 0.0
    /// Dropped because the queue was full.
    private(set) var droppedSegments = 0

    init(bitsPerSecond: Double, queueBytes: Double?) {
        secondsPerByte = 8 / bitsPerSecond
        self.queueBytes = queueBytes
    }

    /// Takes packets in at `time`; answers when the last kept one has left, and how many were kept.
    func offer(_ time: Double, payload: Int, segments: Int) -> (leaves: Double, kept: Int) {
        busyUntil = max(busyUntil, time)
        var kept = segments
        if let queueBytes {
            let room = (queueBytes - (busyUntil - time) / secondsPerByte) / 1500
            kept = max(0, min(segments, Int(room)))
        }
        droppedSegments += segments - kept
        let bytes = Double(payload + Segment.headerBytes * segments)
        busyUntil += bytes * (Double(kept) / Double(segments)) * secondsPerByte
        return (busyUntil, kept)
    }
}

/// Of an Ethernet path with TCP timestamps: MTU 1500, headers of 52 bytes.
enum Segment {
    static let bytes = 1448
    static let headerBytes = 52
    /// RFC 6928.
    static let initialWindow = 10
}

/// One direction of a leg: its bottleneck, its delay, its losses.
final class LinkDirection {
    let bottleneck: Bottleneck
    /// One way, in seconds.
    let delay: Double
    /// Segments of one burst: about a millisecond of the link's time, which keeps the emulation cheap.
    let quantum: Int
    private let loss: Double
    private var random: SeededRandom

    init(
        _ bottleneck: Bottleneck, roundTrip: Double, loss: Double, seed: UInt64,
        overhead: Double = 0
    ) {
        self.bottleneck = bottleneck
        delay = roundTrip / 2 + overhead
        self.loss = loss
        random = SeededRandom(seed: seed)
        let burst = min(0.001, roundTrip / 16) / (1500 * bottleneck.secondsPerByte)
        quantum = max(1, min(64, Int(burst)))
    }

    /// When the burst arrives, and the positions of its lost segments in order.
    func offer(_ time: Double, payload: Int, segments: Int) -> (arrives: Double, lost: [Int]) {
        let (leaves, kept) = bottleneck.offer(time, payload: payload, segments: segments)
        var lost: [Int] = []
        if loss > 0 { lost = (0..<kept).filter { _ in random.nextUniform() < loss } }
        if kept < segments { lost += kept..<segments }
        return (leaves + delay, lost)
    }

    /// Is a single packet lost?
    func losesPacket() -> Bool { loss > 0 && random.nextUniform() < loss }
}
