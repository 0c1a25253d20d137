/// Whether the sender fills its window: only then may it grow (RFC 7661; tcp_cwnd_validate and
/// tcp_is_cwnd_limited in Linux).
struct WindowUse {
    private(set) var isLimited = false
    /// Most segments in flight in the present round.
    private(set) var most = 0
    private var roundEnd = 0

    /// After sending what could be sent.
    mutating func note(
        isLimited now: Bool, hasSent: Bool, inFlight: Int, acknowledged: Int, next: Int
    ) {
        guard hasSent || now else { return }
        guard acknowledged >= roundEnd || now || (!isLimited && inFlight > most) else { return }
        isLimited = now
        most = inFlight
        roundEnd = next
    }
}

/// Round-trip times as a sender sees them (RFC 6298 with Linux's least time-out).
struct RoundTrips {
    private(set) var smoothed: Double
    private(set) var least: Double
    private var variation: Double

    init(_ first: Double) {
        smoothed = first
        least = first
        variation = first / 2
    }

    mutating func add(_ trip: Double) {
        least = min(least, trip)
        variation += 0.25 * (abs(smoothed - trip) - variation)
        smoothed += 0.125 * (trip - smoothed)
    }

    /// Until what is sent counts as lost.
    var timeout: Double { smoothed + max(0.2, 4 * variation) }

    /// Until a tail loss probe: two round trips and two ticks of 4 ms.
    var probe: Double { 2 * smoothed + 0.008 }

    /// How much later than a packet sent after it one may come (RACK, RFC 8985).
    var reordering: Double { min(least / 4, smoothed) }
}
