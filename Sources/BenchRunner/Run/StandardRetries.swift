import Measure

/// Who sends a request again that failed for a passing reason.
enum RetryPolicy: String, CaseIterable, Sendable {
    /// A failed part of a multipart upload, at once, up to twice.
    case parts
    /// Nobody.
    case none
    /// As the AWS SDKs in their standard mode.
    case standard
}

/// The standard retry mode (AWS SDKs and Tools Reference Guide, "Retry behavior"; botocore's
/// `retries.standard` has the numbers): three attempts, exponential backoff with full jitter, and a
/// quota that ends retrying while a target fails for everybody. One per worker thread, as one SDK
/// client is shared by the uploads of a process.
struct StandardRetries: Sendable {
    enum Cause: Sendable {
        /// The target asks for fewer requests; it has not done this one.
        case throttled
        /// It failed, or the connection did.
        case transient
        case timedOut
    }

    static let attemptLimit = 3
    static let longestDelayNs: Int64 = 20_000_000_000
    static let fullQuota = 500
    private static let retryCost = 5
    private static let timeoutCost = 10
    private static let successRefund = 1

    private(set) var quota = fullQuota
    private var random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// How long to wait before the next attempt, and what it takes from the quota.
    ///
    /// - Parameter attempt: how many there were, this failure's included.
    /// - Returns: nil when there is to be no other.
    mutating func next(afterAttempt attempt: Int, _ cause: Cause) -> (delayNs: Int64, cost: Int)? {
        guard attempt < Self.attemptLimit else { return nil }
        let cost = cause == .timedOut ? Self.timeoutCost : Self.retryCost
        guard quota >= cost else { return nil }
        quota -= cost
        let ceiling = min(Self.longestDelayNs, 1_000_000_000 << Int64(attempt - 1))
        return (Int64(random.nextUniform() * Double(ceiling)), cost)
    }

    /// - Parameter cost: of the attempt that succeeded; nil for a first one.
    mutating func succeeded(cost: Int?) {
        quota = min(Self.fullQuota, quota + (cost ?? Self.successRefund))
    }
}

extension StandardRetries.Cause {
    private static let throttlingCodes: Set<String> = [
        "BandwidthLimitExceeded", "LimitExceededException", "PriorRequestNotComplete",
        "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "SlowDown",
        "Throttling", "ThrottledException", "ThrottlingException", "TooManyRequestsException",
    ]

    /// nil for what would fail again.
    init?(status: Int, errorCode: String) {
        if status == 429 || Self.throttlingCodes.contains(errorCode) {
            self = .throttled
        } else if [500, 502, 503, 504].contains(status)
            || ["RequestTimeout", "RequestTimeoutException"].contains(errorCode)
        {
            self = .transient
        } else {
            return nil
        }
    }

    init?(_ outcome: Outcome) {
        switch outcome {
        case .timedOut: self = .timedOut
        case .connectFailed, .connectionLost: self = .transient
        default: return nil
        }
    }

    /// The target has certainly not done what it was asked.
    var isRefusal: Bool {
        if case .throttled = self { return true }
        return false
    }
}
