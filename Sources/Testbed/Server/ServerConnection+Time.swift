import NetIO

/// What has its time, and what becomes of it after that.
extension ServerConnection {
    func isOverdue(_ now: Int64) -> Bool {
        // The source of a streamed answer has a time limit of its own.
        guard !output.isDry else { return false }
        return switch state {
        case .head where secure?.isShakingHands == true:
            now - lastProgressNs > acceptor.timeouts.headNs
        case .head where heads.pending.isEmpty: now - lastProgressNs > acceptor.timeouts.idleNs
        // From its first byte on: a head that trickles in would hold its place for ever.
        case .head: now - headStartNs > acceptor.timeouts.headNs
        // A role takes the time that it takes; a body or an answer must move.
        case .exchange:
            !isWaitingForRole
                && (now - lastProgressNs > acceptor.timeouts.stallNs || isTooSlow(now))
        case .closing:
            now - lastProgressNs > acceptor.timeouts.lingerNs
                || now - (closingStartNs ?? now) > acceptor.timeouts.lingerTotalNs
        }
    }

    private var isWaitingForRole: Bool {
        !hasAnswered && (incoming.isComplete || isBodyPaused || sink == nil)
    }

    func timeOut() {
        switch state {
        case .head where !heads.pending.isEmpty: refuse(.headTimedOut)
        case .exchange where !hasAnswered: endBodyEarly(.bodyTimedOut)
        default: close()
        }
    }

    /// From now on the client has to send its body.
    func beginStretch() {
        stretchStartNs = acceptor.loop.nowNs
        stretchBytes = 0
    }

    /// A byte now and then would keep the connection, and what its role holds for it, for ever.
    private func isTooSlow(_ now: Int64) -> Bool {
        guard !incoming.isComplete, now - stretchStartNs > acceptor.timeouts.stallNs else {
            return false
        }
        guard stretchBytes >= acceptor.limits.slowestBodyBytes else { return true }
        beginStretch()
        return false
    }
}
