import Presign

/// When a permission is signed and how long it lives, where a client asks for other than usual times: what
/// a signer does whose clock is off, or who gives too short a life. Longer than usual it never is.
struct SigningTimes {
    /// nil: the configured life.
    let expiresSeconds: Int?
    /// By how much the signer's clock is ahead; negative: behind.
    let clockOffsetSeconds: Int64

    static let usual = SigningTimes(expiresSeconds: nil, clockOffsetSeconds: 0)
    private static let offsets: ClosedRange<Int64> = -3600...3600

    private init(expiresSeconds: Int?, clockOffsetSeconds: Int64) {
        self.expiresSeconds = expiresSeconds
        self.clockOffsetSeconds = clockOffsetSeconds
    }

    /// nil for values that make no sense.
    init?(_ query: FormQuery, _ configuration: GatewayConfiguration) {
        let offset = query["clockOffset"].map { Int64($0) ?? .max } ?? 0
        let expires = query["expires"].map { Int($0) ?? 0 }
        guard Self.offsets.contains(offset),
            expires.map({ (1...configuration.expiresSeconds).contains($0) }) ?? true
        else { return nil }
        self.init(expiresSeconds: expires, clockOffsetSeconds: offset)
    }

    var isUsual: Bool { expiresSeconds == nil && clockOffsetSeconds == 0 }

    func time(_ now: SigningTime) -> SigningTime { now.adding(seconds: clockOffsetSeconds) }
}
