/// How a sender finds out about losses, and what it does then.
extension Flow {
    /// What would have been acknowledged now was lost in part. Three segments delivered behind a gap tell
    /// of it at once, fewer after a quarter of the round trip (RACK). Nothing behind it: a tail loss probe
    /// after two round trips, or, in recovery, the retransmission time-out.
    func noticeLoss(_ time: Double, _ burst: Burst) {
        let behind = arrivingSegments - burst.arrivingBefore + burst.deliveredBehindLoss
        if behind >= 3 || (behind > 0 && recovery.isOn) { return lose(time, [burst]) }
        if behind > 0 {
            let later = time + trips.reordering
            events.at(later) { [self] in lose(later, [burst]) }
            return
        }
        if burst.isAgain || recovery.isOn {
            let later = max(time, burst.sentAt + trips.timeout)
            events.at(later) { [self] in timeOut(later, burst) }
            return
        }
        tail.append(burst)
        let later = max(time, min(time + trips.probe, tail[0].sentAt + trips.timeout))
        events.at(later) { [self] in probe(later, burst) }
    }

    /// Sends the last segment again; its acknowledgement tells of the others.
    private func probe(_ time: Double, _ last: Burst) {
        guard tail.last === last, let position = last.lost.popLast() else { return }
        let start = last.sequence + position * Segment.bytes
        let bytes = min(Segment.bytes, last.bytes - position * Segment.bytes)
        inFlight -= 1
        recovery.missing += 1
        let probe = Burst(
            sequence: start, bytes: bytes, sentAt: time, number: nextNumber, isAgain: true)
        send(time, probe)
        guard probe.lost.isEmpty else { return }
        let later = time + trips.least + 2e-9
        events.at(later) { [self] in
            if tail.count == 1, tail[0] === last, last.lost.isEmpty {
                tail = []
                if !recovery.isOn { reduceAtOnce() }
            } else {
                loseTail(later)
            }
        }
    }

    /// What came in shows that the tail is lost.
    func loseTail(_ time: Double) {
        let lost = tail
        tail = []
        if !lost.isEmpty { lose(time, lost) }
    }

    /// A probe has repaired a loss: the window shrinks all the same.
    private func reduceAtOnce() {
        guard control != .bbr else { return }
        reduceThreshold()
        window = min(window, threshold)
    }

    /// All that is out counts as lost, once.
    private func timeOut(_ time: Double, _ burst: Burst) {
        markLost(burst)
        tail.forEach(markLost)
        tail = []
        if burst.number >= timedOutNumber {
            timedOutNumber = nextNumber
            threshold = max((window * 0.5).rounded(.down), 2)
            window = Double(inFlight + 1)
            recovery.end()
            cubic = CubicState()
        }
        pump(time)
    }

    private func lose(_ time: Double, _ bursts: [Burst]) {
        bursts.forEach(markLost)
        if !recovery.isOn {
            beginRecovery()
            shrink(0, advances: false, hasNewLosses: true)
            pump(time)
        } else {
            shrink(0, advances: false, hasNewLosses: true)
            if inFlight == 0 { pump(time) }
        }
    }

    private func markLost(_ burst: Burst) {
        for position in burst.lost {
            let start = burst.sequence + position * Segment.bytes
            let bytes = min(Segment.bytes, burst.bytes - position * Segment.bytes)
            if let last = again.last, last.sequence + last.bytes == start {
                again[again.count - 1].bytes += bytes
            } else {
                again.append((start, bytes))
            }
        }
        inFlight -= burst.lost.count
        if !burst.isAgain { recovery.missing += burst.lost.count }
    }

    func beginRecovery() {
        recovery.begin(window, until: sequence)
        bbr.beginRecovery(window * Double(Segment.bytes))
        reduceThreshold()
    }

    private func reduceThreshold() {
        switch control {
        case .reno: threshold = max((window * 0.5).rounded(.down), 2)
        case .cubic:
            cubic.noteLoss(window * Double(Segment.bytes))
            threshold = max((window * 717 / 1024).rounded(.down), 2)
        case .bbr: break
        }
    }

    func shrink(_ count: Int, advances: Bool, hasNewLosses: Bool) {
        if control == .bbr {
            if count == 0 { window = max(4, min(window, Double(inFlight + 1))) }
            return
        }
        window = recovery.window(
            count, threshold: threshold, inFlight: inFlight, advances: advances,
            hasNewLosses: hasNewLosses)
    }
}
