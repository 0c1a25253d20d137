/// Congestion control as Linux has it.
package enum CongestionControl: String, Sendable, CaseIterable {
    case cubic, reno, bbr
}

/// A burst of segments on its way.
final class Burst {
    let sequence: Int
    let bytes: Int
    let segments: Int
    let sentAt: Double
    let number: Int
    let isAgain: Bool
    var lost: [Int] = []
    // For BBR's rate samples.
    var deliveredBefore = 0
    var deliveredAt = 0.0
    var firstSentAt = 0.0
    var appLimited = 0

    init(sequence: Int, bytes: Int, sentAt: Double, number: Int, isAgain: Bool) {
        self.sequence = sequence
        self.bytes = bytes
        segments = (bytes + Segment.bytes - 1) / Segment.bytes
        self.sentAt = sentAt
        self.number = number
        self.isAgain = isAgain
    }

    func lostBytes() -> Int {
        lost.reduce(0) { $0 + min(Segment.bytes, bytes - $1 * Segment.bytes) }
    }
}

/// One direction of a TCP connection: the sender's window, and bytes that come out in order. Bytes are
/// counted, not held. It follows what was measured of Linux's TCP; docs/links.md says how closely.
final class Flow {
    let events: LinkEvents
    let direction: LinkDirection
    let control: CongestionControl
    private let deliver: (Double, Int) -> Void
    /// Called when the sender could take more bytes.
    var drained: ((Double) -> Void)?

    // The sender.
    var window = Double(Segment.initialWindow * Segment.bytes)
    var threshold = Double.infinity
    private(set) var inFlight = 0
    private(set) var unsent = 0
    private var sequence = 0
    private var again: [(sequence: Int, bytes: Int)] = []
    private(set) var nextNumber = 0
    private var lastDelivered = -1
    private var lineFreeAt = 0.0
    private(set) var sentBytes = 0
    private(set) var mostInFlight = 0
    private(set) var lastSentAt = 0.0
    private let windowLimit: Double

    // Round trips.
    private(set) var smoothedTrip: Double
    private(set) var leastTrip: Double
    private var tripVariation: Double

    // Loss recovery.
    private var recoverNumber = -1
    private var isRecovering = false

    private var cubic = CubicState()
    private var hystart = HyStart()
    var bbr: BBRState

    // The receiver.
    private var arrived: [Int: Int] = [:]
    private var nextIn = 0

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
        smoothedTrip = roundTrip
        leastTrip = roundTrip
        tripVariation = roundTrip / 2
        // What a send buffer of 4 MiB (tcp_wmem) lets be in flight; fitted to measurements.
        windowLimit = control == .bbr ? 3.08e6 : 3.6e6
        bbr = BBRState(roundTrip: roundTrip)
    }

    var isIdle: Bool { inFlight == 0 && unsent == 0 && again.isEmpty }

    // MARK: Sending

    func write(_ time: Double, _ count: Int) {
        if inFlight == 0, sentBytes > 0 { bbr.noteIdle() }
        unsent += count
        pump(time)
    }

    private func pump(_ time: Double) {
        let segment = Double(Segment.bytes)
        while !again.isEmpty || unsent > 0 {
            let allowed = min(window, windowLimit)
            guard Double(inFlight) + segment / 2 < allowed else { break }
            if control == .bbr, sentBytes >= Segment.initialWindow * Segment.bytes,
                bbr.pacedUntil > time + 1e-9
            {
                wakeLater()
                break
            }
            send(time, room: allowed - Double(inFlight))
        }
        if unsent < 65_536 { drained?(time) }
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

    private func send(_ time: Double, room: Double) {
        let segment = Segment.bytes
        var quantum = direction.quantum
        if control == .bbr { quantum = min(quantum, bbr.quantum) }
        let fitting = max(segment, Int(room / Double(segment) + 0.5) * segment)
        let burst = takeNext(time, atMost: min(quantum * segment, fitting))
        nextNumber += 1
        if inFlight == 0 { bbr.restart(time) }
        bbr.stamp(burst)
        inFlight += burst.bytes
        sentBytes += burst.bytes
        mostInFlight = max(mostInFlight, inFlight)
        if control == .bbr, sentBytes > Segment.initialWindow * segment {
            bbr.pacedUntil = max(bbr.pacedUntil, time) + Double(burst.bytes) / bbr.rate
        }
        lastSentAt = time
        lineFreeAt = max(lineFreeAt, time) + Double(burst.segments) * Self.secondsPerSegment
        let (arrives, lost) = direction.offer(
            lineFreeAt, payload: burst.bytes, segments: burst.segments)
        burst.lost = lost
        let back = arrives + direction.delay
        if lost.count < burst.segments {
            lastDelivered = burst.number
            events.at(arrives) { [self] in arrive(arrives, burst) }
            events.at(back) { [self] in acknowledged(back, burst) }
        }
        if !lost.isEmpty { events.at(back + 1e-9) { [self] in noticeLoss(back + 1e-9, burst) } }
    }

    private func takeNext(_ time: Double, atMost limit: Int) -> Burst {
        guard let (start, count) = again.first else {
            let bytes = min(unsent, limit)
            defer {
                unsent -= bytes
                sequence += bytes
            }
            return Burst(
                sequence: sequence, bytes: bytes, sentAt: time, number: nextNumber, isAgain: false)
        }
        let bytes = min(count, limit)
        if bytes < count {
            again[0] = (start + bytes, count - bytes)
        } else {
            again.removeFirst()
        }
        return Burst(
            sequence: start, bytes: bytes, sentAt: time, number: nextNumber, isAgain: true)
    }

    // MARK: Losses

    /// With three segments delivered after it a gap is known at once; the tail's only after a probe
    /// (two round trips) and its answer, or, for what was sent again already, by the timer.
    private func noticeLoss(_ time: Double, _ burst: Burst) {
        if lastDelivered > burst.number || burst.segments - 1 - (burst.lost.last ?? 0) >= 3 {
            return lose(time, burst, byTimer: false)
        }
        let wait =
            burst.isAgain
            ? max(0.2, 4 * tripVariation) : 2 * smoothedTrip + 0.008 + 1.25 * leastTrip
        events.at(time + wait) { [self] in
            lose(time + wait, burst, byTimer: burst.isAgain)
        }
    }

    private func lose(_ time: Double, _ burst: Burst, byTimer: Bool) {
        for position in burst.lost {
            let start = burst.sequence + position * Segment.bytes
            let bytes = min(Segment.bytes, burst.bytes - position * Segment.bytes)
            if let last = again.last, last.sequence + last.bytes == start {
                again[again.count - 1].bytes += bytes
            } else {
                again.append((start, bytes))
            }
        }
        inFlight -= burst.lostBytes()
        let isFirst = byTimer || burst.number >= recoverNumber
        let least = Double(2 * Segment.bytes)
        if byTimer {
            threshold = max(window * 0.5, least)
            window = Double(inFlight + Segment.bytes)
            isRecovering = false
            recoverNumber = nextNumber
            cubic = CubicState()
        } else if burst.number >= recoverNumber {
            beginRecovery(least)
        }
        if isRecovering { shrink() }
        // Later losses of the same window wait for acknowledgements.
        if isFirst || inFlight == 0 { pump(time) }
    }

    private func beginRecovery(_ least: Double) {
        recoverNumber = nextNumber
        isRecovering = true
        bbr.beginRecovery(window)
        switch control {
        case .reno: threshold = max(window * 0.5, least)
        case .cubic:
            cubic.noteLoss(window)
            threshold = max(window * 0.7, least)
        case .bbr: break
        }
    }

    /// Proportional rate reduction (RFC 6937), roughly.
    private func shrink() {
        let next = Double(inFlight + Segment.bytes)
        if control == .bbr {
            window = max(Double(4 * Segment.bytes), min(window, next))
        } else {
            window = Double(inFlight) >= threshold ? threshold : min(window, next)
        }
    }

    // MARK: Acknowledgements

    private func acknowledged(_ time: Double, _ burst: Burst) {
        let bytes = burst.bytes - burst.lostBytes()
        let count = Double(bytes)
        let segment = Double(Segment.bytes)
        let isLimited =
            Double(inFlight) + segment > window
            || (window < threshold && window < Double(2 * mostInFlight + burst.bytes))
        inFlight -= bytes
        bbr.delivered += bytes
        let trip = time - burst.sentAt
        leastTrip = min(leastTrip, trip)
        tripVariation = 0.75 * tripVariation + 0.25 * abs(smoothedTrip - trip)
        smoothedTrip = 0.875 * smoothedTrip + 0.125 * trip
        if control == .bbr {
            acknowledgedByBBR(time, burst, count)
        } else if isRecovering {
            if window < threshold { window = min(threshold, Double(inFlight) + 2 * count) }
            if burst.number >= recoverNumber, again.isEmpty {
                isRecovering = false
                window = threshold
            }
        } else if isLimited {
            grow(time, burst, count, trip)
        }
        pump(time)
    }

    private func grow(_ time: Double, _ burst: Burst, _ count: Double, _ trip: Double) {
        if control == .cubic, window < threshold,
            hystart.endsSlowStart(
                time, burst, trip: trip, nextNumber: nextNumber, window: window,
                secondsPerByte: direction.bottleneck.secondsPerByte)
        {
            threshold = window
        }
        var left = count
        if window < threshold {
            let part = min(left, threshold - window)
            window += part
            left -= part
        }
        guard left > 0 else { return }
        let segment = Double(Segment.bytes)
        window +=
            control == .reno
            ? segment * left / window
            : cubic.growth(time, acknowledged: left, window: window, leastTrip: leastTrip)
    }

    private func acknowledgedByBBR(_ time: Double, _ burst: Burst, _ count: Double) {
        var state = bbr
        let hasRecovered = isRecovering && burst.number >= recoverNumber && again.isEmpty
        window = state.acknowledged(
            time, burst, count: count, window: window, inFlight: inFlight, leastTrip: leastTrip,
            isRecovering: isRecovering, hasRecovered: hasRecovered)
        if hasRecovered { isRecovering = false }
        bbr = state
    }

    // MARK: Idle time

    /// tcp_slow_start_after_idle: after a silence longer than the retransmission time-out (RFC 2861,
    /// tcp_cwnd_restart in Linux) the window halves once per time-out, not below the initial one. A
    /// shorter pause, such as between two requests, changes nothing. BBR has no such rule.
    func rest(seconds: Double, restarts: Bool) {
        let timeout = smoothedTrip + max(0.2, 4 * tripVariation)
        guard restarts, control != .bbr, seconds > timeout else { return }
        if window < threshold {
            threshold = max(threshold == .infinity ? 0 : threshold, 0.75 * window)
        }
        let least = Double(Segment.initialWindow * Segment.bytes)
        var left = seconds - timeout
        while left > 0, window > least {
            window /= 2
            left -= timeout
        }
        window = max(window, least)
    }

    /// A new request: what was in flight before says nothing of it.
    func beginRequest() { mostInFlight = 0 }

    // MARK: Receiving

    private func arrive(_ time: Double, _ burst: Burst) {
        if burst.lost.isEmpty {
            arrived[burst.sequence] = burst.bytes
        } else {
            let lost = Set(burst.lost)
            for index in 0..<burst.segments where !lost.contains(index) {
                let offset = index * Segment.bytes
                arrived[burst.sequence + offset] = min(Segment.bytes, burst.bytes - offset)
            }
        }
        var count = 0
        while let bytes = arrived.removeValue(forKey: nextIn) {
            nextIn += bytes
            count += bytes
        }
        if count > 0 { deliver(time, count) }
    }
}
