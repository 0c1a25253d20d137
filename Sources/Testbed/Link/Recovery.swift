/// Recovery from losses: at what rate segments go out while the window shrinks (proportional rate
/// reduction, RFC 6937, as Linux has it).
struct Recovery {
    private(set) var isOn = false
    /// What was sent when it began; it ends when all of that has arrived.
    private(set) var endSequence = 0
    /// Segments sent since it began.
    var sent = 0
    private var delivered = 0
    private var windowBefore = 0.0
    /// Marked as lost, and not yet delivered again.
    var missing = 0

    mutating func begin(_ window: Double, until sequence: Int) {
        isOn = true
        endSequence = sequence
        sent = 0
        delivered = 0
        windowBefore = window
    }

    mutating func end() { isOn = false }

    /// The window after `count` more were delivered.
    mutating func window(
        _ count: Int, threshold: Double, inFlight: Int, advances: Bool, hasNewLosses: Bool
    ) -> Double {
        delivered += count
        let room = Int(threshold) - inFlight
        var more: Int
        if room < 0 {
            let share = threshold.rounded(.down) / windowBefore
            more = Int((share * Double(delivered)).rounded(.up)) - sent
        } else {
            more = max(delivered - sent, count)
            if advances, !hasNewLosses { more += count }
            more = min(room, more)
        }
        // Never nothing: no acknowledgement would ever come.
        more = max(more, sent > 0 && inFlight > 0 ? 0 : 1)
        return Double(inFlight + more)
    }
}
