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
    private var random: SeededNumbers

    init(
        _ bottleneck: Bottleneck, roundTrip: Double, loss: Double, seed: UInt64,
        overhead: Double = 0
    ) {
        self.bottleneck = bottleneck
        delay = roundTrip / 2 + overhead
        self.loss = loss
        random = SeededNumbers(seed: seed)
        let burst = min(0.001, roundTrip / 16) / (1500 * bottleneck.secondsPerByte)
        quantum = max(1, min(64, Int(burst)))
    }

    /// When the burst arrives, and the positions of its lost segments in order.
    func offer(_ time: Double, payload: Int, segments: Int) -> (arrives: Double, lost: [Int]) {
        let (leaves, kept) = bottleneck.offer(time, payload: payload, segments: segments)
        var lost: [Int] = []
        if loss > 0 { lost = (0..<kept).filter { _ in random.next() < loss } }
        if kept < segments { lost += kept..<segments }
        return (leaves + delay, lost)
    }

    /// Is a single packet lost?
    func losesPacket() -> Bool { loss > 0 && random.next() < loss }
}

/// Uniform numbers of [0, 1) (SplitMix64).
struct SeededNumbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((mixed ^ (mixed >> 31)) >> 11) * 0x1p-53
    }
}
