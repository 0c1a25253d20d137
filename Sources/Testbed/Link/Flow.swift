/// Congestion control as Linux has it.
package enum CongestionControl: String, Sendable, CaseIterable {
    case cubic, reno, bbr
}

/// One direction of a TCP connection: the sender's window, and bytes that come out in order. Bytes are
/// counted, not held; windows count segments, as Linux does, so that a small packet takes the place of
/// a full one. docs/links.md says how closely it follows what was measured of Linux's TCP.
final class Flow {
    let events: LinkEvents
    let direction: LinkDirection
    let control: CongestionControl
    private let deliver: (Double, Int) -> Void
    /// Called when the sender could take more bytes.
    var drained: ((Double) -> Void)?

    // The sender.
    /// In segments, like the threshold.
    var window = Double(Segment.initialWindow)
    var threshold = Double.infinity
    var use = WindowUse()
    /// Segments sent and neither delivered nor known as lost.
    var inFlight = 0
    private(set) var unsent = 0
    /// Of the next byte that has not been sent before.
    private(set) var sequence = 0
    /// Up to where the receiver has said that it has all.
    var acknowledgedSequence = 0
    /// Up to where the receiver has said that it takes bytes.
    var permittedSequence = ReceiveWindow.initial
    var again: [(sequence: Int, bytes: Int)] = []
    private(set) var nextNumber = 0
    private var lineFreeAt = 0.0
    private(set) var sentBytes = 0
    private(set) var lastSentAt = 0.0
    /// Segments that are to arrive, of all sent so far.
    var arrivingSegments = 0
    let windowLimit: Int

    var trips: RoundTrips
    var recovery = Recovery()
    /// Bursts of which no later one tells that they are lost.
    var tail: [Burst] = []
    /// Bursts before this one were lost in the last time-out.
    var timedOutNumber = 0
    var cubic = CubicState()
    var hystart = HyStart()
    var bbr: BBRState

    // The receiver.
    private var arrived: [Int: Int] = [:]
    private var nextIn = 0
    private var waitingBytes = 0
    private var receiver = ReceiveWindow()

    /// How fast a sender puts segments out back to back.
    private static let secondsPerSegment = 2.5e-6

    /// - Parameter deliver: when and how many bytes come out in order.
    init(
        _ events: LinkEvents, _ direction: LinkDirection, _ control: CongestionControl,
        roundTrip: Double, deliver: @escaping (Double, Int) -> Void
    ) {
        self.events = events
        self.direction = direction
        self.control = control
        self.deliver = deliver
        trips = RoundTrips(roundTrip)
        // What a send buffer of 4 MiB (tcp_wmem) lets be in flight; fitted to measurements.
        windowLimit = Int(control == .bbr ? 3.08e6 : 3.6e6) / Segment.bytes
        bbr = BBRState(roundTrip: roundTrip)
    }

    var isIdle: Bool { inFlight == 0 && unsent == 0 && again.isEmpty }

    /// What a program may write ahead of what is in flight: as Linux sizes it, a window (a buffer holds two
    /// windows, tcp_sndbuf_expand) up to tcp_wmem. With less the program would seem to be the limit, and
    /// the window would not grow.
    var sendBufferBytes: Int { min(4 << 20, max(256 << 10, Int(window) * Segment.bytes)) }

    /// A connection that was busy before: its windows stand open at both ends.
    func open(windowBytes: Double) {
        window = windowBytes / Double(Segment.bytes)
        threshold = window
        bbr.open(bytesPerSecond: windowBytes / trips.least)
        receiver.open()
        permittedSequence = receiver.rightEdge
    }

    // MARK: Sending

    func write(_ time: Double, _ count: Int) {
        if unsent == 0, again.isEmpty, inFlight < Int(window) {
            bbr.noteIdle(inFlight * Segment.bytes)
        }
        if isIdle { cubic.noteStart(time, silence: time - lastSentAt) }
        unsent += count
        pump(time)
    }

    func pump(_ time: Double) {
        let before = nextNumber
        while !again.isEmpty || unsent > 0 {
            let room = min(Int(window), windowLimit) - inFlight
            guard room > 0, let bytes = nextBytes(room) else { break }
            if control == .bbr, sentBytes >= Segment.initialWindow * Segment.bytes,
                bbr.pacedUntil > time + 1e-9
            {
                wakeLater()
                break
            }
            send(time, takeNext(time, bytes))
        }
        use.note(
            isLimited: inFlight >= Int(window), hasSent: nextNumber > before, inFlight: inFlight,
            acknowledged: acknowledgedSequence, next: sequence)
        if unsent < sendBufferBytes / 2 { drained?(time) }
    }

    private func wakeLater() {
        guard !bbr.isWaking else { return }
        bbr.isWaking = true
        let time = bbr.pacedUntil
        events.at(time) { [self] in
            bbr.isWaking = false
            pump(time)
        }
    }

    /// How much the next burst may hold; nil when the receiver takes no more.
    private func nextBytes(_ room: Int) -> Int? {
        var segments = min(room, direction.quantum)
        if control == .bbr { segments = min(segments, bbr.quantum) }
        let most = segments * Segment.bytes
        if let first = again.first { return min(first.bytes, most) }
        let permitted = permittedSequence - sequence
        if unsent <= min(most, permitted) { return unsent }
        let whole = min(most, permitted) / Segment.bytes * Segment.bytes
        return whole > 0 ? whole : nil
    }

    func send(_ time: Double, _ burst: Burst) {
        nextNumber += 1
        if inFlight == 0 { bbr.restart(time) }
        bbr.stamp(burst)
        inFlight += burst.segments
        recovery.sent += burst.segments
        sentBytes += burst.bytes
        if control == .bbr, sentBytes > Segment.initialWindow * Segment.bytes {
            bbr.pacedUntil = max(bbr.pacedUntil, time) + Double(burst.bytes) / bbr.rate
        }
        lastSentAt = time
        lineFreeAt = max(lineFreeAt, time) + Double(burst.segments) * Self.secondsPerSegment
        let (arrives, lost) = direction.offer(
            lineFreeAt, payload: burst.bytes, segments: burst.segments)
        burst.lost = lost
        arrivingSegments += burst.segments - lost.count
        burst.arrivingBefore = arrivingSegments
        let back = arrives + direction.delay
        if lost.count < burst.segments {
            events.at(arrives) { [self] in arrive(arrives, burst) }
            events.at(back) { [self] in acknowledged(back, burst) }
        }
        if !lost.isEmpty { events.at(back + 1e-9) { [self] in noticeLoss(back + 1e-9, burst) } }
    }

    private func takeNext(_ time: Double, _ bytes: Int) -> Burst {
        guard let (start, count) = again.first else {
            defer {
                unsent -= bytes
                sequence += bytes
            }
            return Burst(
                sequence: sequence, bytes: bytes, sentAt: time, number: nextNumber, isAgain: false)
        }
        if bytes < count {
            again[0] = (start + bytes, count - bytes)
        } else {
            again.removeFirst()
        }
        return Burst(
            sequence: start, bytes: bytes, sentAt: time, number: nextNumber, isAgain: true)
    }

    // MARK: Idle time

    /// tcp_slow_start_after_idle: after a silence longer than the retransmission time-out (RFC 2861,
    /// tcp_cwnd_restart in Linux) the window halves once per time-out, not below the initial one. A
    /// shorter pause, such as between two requests, changes nothing. BBR has no such rule.
    func rest(seconds: Double, restarts: Bool) {
        let timeout = trips.timeout
        guard restarts, control != .bbr, seconds > timeout else { return }
        threshold = max(threshold, 0.75 * window)
        let least = Double(Segment.initialWindow)
        var left = seconds - timeout
        while left > 0, window > least {
            window = (window / 2).rounded(.down)
            left -= timeout
        }
        window = max(window, least)
    }

    // MARK: Receiving

    private func arrive(_ time: Double, _ burst: Burst) {
        let before = nextIn
        if burst.lost.isEmpty {
            take(burst.sequence, burst.bytes)
        } else {
            let lost = Set(burst.lost)
            for index in 0..<burst.segments where !lost.contains(index) {
                let offset = index * Segment.bytes
                take(burst.sequence + offset, min(Segment.bytes, burst.bytes - offset))
            }
        }
        while let bytes = arrived.removeValue(forKey: nextIn) {
            nextIn += bytes
            waitingBytes -= bytes
        }
        receiver.received(
            time, segments: burst.segments - burst.lost.count, from: before, to: nextIn,
            waiting: waitingBytes, trip: trips.smoothed,
            secondsPerSegment: 1500 * direction.bottleneck.secondsPerByte)
        burst.acknowledges = nextIn
        burst.permits = receiver.rightEdge
        if nextIn > before { deliver(time, nextIn - before) }
    }

    private func take(_ start: Int, _ bytes: Int) {
        guard start >= nextIn, arrived[start] == nil else { return }
        arrived[start] = bytes
        waitingBytes += bytes
    }
}
