import Measure

/// How long to wait for what tidies up.
struct Patience {
    private let limitNs: Int64
    private let now: () -> Int64
    private var sinceNs: Int64
    private var interruptedNs: Int64?

    init(limitNs: Int64, now: @escaping () -> Int64 = monotonicNs) {
        self.limitNs = limitNs
        self.now = now
        sinceNs = now()
    }

    /// Something came: the wait begins anew.
    mutating func renew() { sinceNs = now() }

    var isExhausted: Bool { now() - sinceNs > limitNs }

    /// To be asked from an interrupt on: the time counts from the first question, or from what came later.
    mutating func isExhausted(afterInterrupt graceNs: Int64) -> Bool {
        let interrupted = interruptedNs ?? now()
        interruptedNs = interrupted
        return now() - max(interrupted, sinceNs) > graceNs
    }
}
