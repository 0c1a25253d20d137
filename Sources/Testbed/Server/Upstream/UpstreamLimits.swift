/// The bounds of the way from one role to another.
struct UpstreamLimits: Sendable {
    /// Of one request's body that the network has not taken yet; beyond it the writer should wait.
    var waitingBytes = 256 * 1024
    /// Of one streamed answer that its reader has not taken yet.
    var unreadBytes = 256 * 1024
    /// Of an answer that is collected whole.
    var collectedBytes = 16 * 1024 * 1024
    var headBytes = 64 * 1024
    /// Answers of class 1xx before the final one.
    var interimAnswers = 16
    /// How much of a request is kept for a second try, until its answer begins.
    var repeatedBytes = 64 * 1024
    /// Each has a descriptor at either end: few where there are few.
    var idleConnections = min(256, ServerLimits().clientsWithinDescriptors / 16)
    /// CloudFront Developer Guide, "Quotas": connection timeout, 1 to 10 s.
    var connectNs: Int64 = 10_000_000_000
    /// Without a byte while it is the other role's turn; CloudFront's origin response timeout.
    var silenceNs: Int64 = 30_000_000_000
    /// Between the loss of a warm connection and the next try.
    var rewarmNs: Int64 = 1_000_000_000

    init() {}
}
