/// What a sender does when it hears from the receiver.
extension Flow {
    func acknowledged(_ time: Double, _ burst: Burst) {
        let count = burst.segments - burst.lost.count
        if burst.isAgain { recovery.missing -= count }
        bbr.delivered += burst.bytes - burst.lostBytes()
        hystart.begin(burst, nextNumber: nextNumber, time - length(burst.segments - 1))
        if control != .bbr, !recovery.isOn {
            acknowledgeEach(time, burst, count)
        } else {
            for index in 0..<burst.segments {
                trips.add(time - length(burst.segments - 1 - index) - burst.sentAt)
            }
            inFlight -= count
        }
        let advances = burst.acknowledges > acknowledgedSequence
        acknowledgedSequence = max(acknowledgedSequence, burst.acknowledges)
        permittedSequence = max(permittedSequence, burst.permits)
        if let last = tail.last, burst.number > last.number, !burst.isAgain { loseTail(time) }
        if control == .bbr {
            acknowledgedByBBR(time, burst)
        } else if recovery.isOn {
            recover(count, advances)
        }
        pump(time)
    }

    private func length(_ segments: Int) -> Double {
        Double(segments) * 1500 * direction.bottleneck.secondsPerByte
    }

    /// Each segment is acknowledged by itself, and lets others go: what is in flight in between says
    /// whether the window is the limit. What goes is sent by the burst afterwards.
    private func acknowledgeEach(_ time: Double, _ burst: Burst, _ count: Int) {
        let segment = Segment.bytes
        let (began, permitted) = (acknowledgedSequence, permittedSequence)
        let waiting = (unsent + segment - 1) / segment + (again.isEmpty ? 0 : 1)
        var planned = 0
        for index in 1...count {
            let at = time - length(count - index)
            trips.add(at - burst.sentAt)
            if control == .cubic, window < threshold,
                hystart.endsSlowStart(at, trip: at - burst.sentAt, window: window)
            {
                threshold = window
            }
            inFlight -= 1
            let share = Double(index) / Double(count)
            acknowledgedSequence = max(
                began, began + Int(share * Double(burst.acknowledges - began)))
            permittedSequence = max(
                permitted, permitted + Int(share * Double(burst.permits - permitted)))
            if window < threshold ? window < Double(2 * use.most) : use.isLimited { grow(at, 1) }
            let next = sequence + planned * segment
            let left = unsent - planned * segment
            let allowed = min(left, permittedSequence - next)
            let fitting = allowed == left ? waiting - planned : max(0, allowed) / segment
            let more = max(0, min(min(Int(window), windowLimit) - inFlight, fitting))
            inFlight += more
            planned += more
            use.note(
                isLimited: inFlight >= Int(window), hasSent: more > 0, inFlight: inFlight,
                acknowledged: acknowledgedSequence, next: next + more * segment)
        }
        inFlight -= planned
    }

    private func recover(_ count: Int, _ advances: Bool) {
        if acknowledgedSequence < recovery.endSequence {
            return shrink(count, advances: advances, hasNewLosses: false)
        }
        recovery.end()
        window = threshold
        // More was lost of what was sent in the meantime.
        if recovery.missing > 0 {
            beginRecovery()
            shrink(count, advances: advances, hasNewLosses: false)
        }
    }

    private func grow(_ time: Double, _ count: Double) {
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
            ? left / window
            : cubic.growth(
                time, acknowledged: left * segment, window: window * segment,
                leastTrip: trips.least) / segment
    }

    private func acknowledgedByBBR(_ time: Double, _ burst: Burst) {
        var state = bbr
        let segment = Double(Segment.bytes)
        let hasRecovered = recovery.isOn && acknowledgedSequence >= recovery.endSequence
        window =
            state.acknowledged(
                time, burst, count: Double(burst.bytes - burst.lostBytes()),
                window: window * segment, inFlight: inFlight * Segment.bytes,
                leastTrip: trips.least, isRecovering: recovery.isOn, hasRecovered: hasRecovered)
            / segment
        if hasRecovered { recovery.end() }
        bbr = state
    }
}
