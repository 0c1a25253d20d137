/// API Gateway's throttle: a bucket of tokens that fills at a rate (API Gateway, "Throttle requests").
struct TokenBucket {
    private let perNs: Double
    private let burst: Double
    private var tokens: Double
    private var lastNs: Int64

    init(perSecond: Double, burst: Double, nowNs: Int64) {
        perNs = perSecond / 1e9
        self.burst = max(1, burst)
        tokens = self.burst
        lastNs = nowNs
    }

    /// False when the request has to be refused.
    mutating func take(nowNs: Int64) -> Bool {
        tokens = min(burst, tokens + Double(max(0, nowNs - lastNs)) * perNs)
        lastNs = max(lastNs, nowNs)
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
