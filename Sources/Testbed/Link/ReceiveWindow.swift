/// How many bytes a receiver lets come: Linux's dynamic right-sizing (tcp_rcv_space_adjust,
/// tcp_rcvbuf_grow, tcp_grow_window of Linux 6.18) for a program that reads at once. A new connection
/// takes 64 KB; what it takes grows with what was read in a round trip, and by two segments per segment.
struct ReceiveWindow {
    static let initial = 65_160
    /// tcp_rmem: 128 KiB to start with, and what measured connections were let.
    private static let mostBytes = 33_554_432.0
    /// Of a buffer, what holds payload when each packet of 1,448 bytes takes 2,304.
    private static let payloadShare = 0.625
    /// Window scaling rounds down to its unit.
    private static let unit = 1024
    private static let growthPerSegment = 2920.0

    private var bufferBytes = 131_072.0
    private var mostOffered = 131_072.0 * payloadShare
    private var offered = Double(initial)
    private var readBefore = Double(Segment.initialWindow * Segment.bytes)
    private var measuredFrom: (time: Double, sequence: Int)?
    /// Bytes before this one may be sent.
    private(set) var rightEdge = initial

    /// As of a connection that has been busy for long.
    mutating func open() {
        bufferBytes = Self.mostBytes
        mostOffered = Self.mostBytes * Self.payloadShare
        offered = mostOffered
        rightEdge = Int(offered)
    }

    /// A burst has arrived, the last of its segments at `time`; what had come in order grew.
    mutating func received(
        _ time: Double, segments: Int, from before: Int, to next: Int, waiting: Int, trip: Double,
        secondsPerSegment: Double
    ) {
        let room = mostOffered - Double(waiting) - offered
        offered += max(0, min(room, Self.growthPerSegment * Double(segments)))
        if next > before {
            let first = time - Double(segments - 1) * secondsPerSegment
            measure(first, time, from: before, to: next, waiting, trip, secondsPerSegment)
        }
        let window = Int(min(offered, mostOffered - Double(waiting)))
        rightEdge = max(rightEdge, next + max(0, window) / Self.unit * Self.unit)
    }

    /// Once per round trip: what the program has read since the last time.
    private mutating func measure(
        _ first: Double, _ last: Double, from before: Int, to next: Int, _ waiting: Int,
        _ trip: Double, _ secondsPerSegment: Double
    ) {
        guard let from = measuredFrom else {
            measuredFrom = (first, before)
            return
        }
        // Timestamps count milliseconds.
        let due = from.time + (trip * 1000).rounded(.down) / 1000
        guard last >= due else { return }
        let behind = due > first ? ((due - first) / secondsPerSegment).rounded(.up) : 0
        let sequence = min(next, before + (Int(behind) + 1) * Segment.bytes)
        let read = Double(sequence - from.sequence)
        measuredFrom = (max(first, due), sequence)
        guard read > readBefore else { return }
        var window = 2 * read
        // So that the sender can double its rate.
        window += 2 * window * (read - readBefore) / readBefore
        readBefore = read
        let wanted = min((window + Double(waiting)) / Self.payloadShare, Self.mostBytes)
        guard wanted > bufferBytes else { return }
        bufferBytes = wanted
        mostOffered = wanted * Self.payloadShare
    }
}
