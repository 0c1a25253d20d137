/// Everything that is kept of one upload; each stored property is a column of `samples.csv`.
///
/// Times are nanoseconds of CLOCK_MONOTONIC here and microseconds since the run's start in the
/// file. A duration that did not happen (no connection was made, no step of that kind) is nil
/// and an empty field.
package struct Sample: Sendable {
    package var upload: Int64 = 0
    package var worker = 0
    package var isWarmup = false
    /// When the plan wanted the upload to start; the same as `startedNs` in the closed model.
    package var intendedNs: Int64 = 0
    package var startedNs: Int64 = 0
    package var endedNs: Int64 = 0
    /// Getting the permission (signed URL or form); then the bytes; then telling the API.
    package var authorizeNs: Int64?
    package var uploadNs: Int64?
    package var notifyNs: Int64?
    /// Sums over the upload's requests; nil where every connection was reused.
    package var connectNs: Int64?
    package var tlsNs: Int64?
    /// Of the request that carried the file: its first byte to its last, and from there to the
    /// answer's first byte.
    package var sendNs: Int64?
    package var waitNs: Int64?
    package var outcome = Outcome.success
    /// Of the last answer; nil if none came.
    package var httpStatus: Int?
    /// The target's own error code (`AccessDenied`), or what the transfer failed of.
    package var errorCode = ""
    package var requests = 0
    package var retries = 0
    package var bytesSent: Int64 = 0
    package var bytesReceived: Int64 = 0
    /// False where the client does not tell its bytes; then both are 0 here and empty in the file.
    package var knowsWireBytes = true

    package init() {}

    /// From the intended start: what a user who came at that time waited.
    package var responseNs: Int64 { endedNs - intendedNs }
    /// From the real start: what the target took.
    package var serviceNs: Int64 { endedNs - startedNs }
    package var hasFailed: Bool { outcome != .success }
}

/// The class an upload ends in: exactly one.
package enum Outcome: String, Sendable, CaseIterable {
    case success = "ok"
    /// The target answered, and refused (4xx) or failed (5xx) it.
    case refused
    case serverError = "server-error"
    /// The answer was a success but not the one that the strategy needs.
    case unexpectedAnswer = "unexpected-answer"
    case connectFailed = "connect-failed"
    case connectionLost = "connection-lost"
    case timedOut = "timed-out"
    case protocolError = "protocol-error"
    case tlsFailed = "tls-failed"
    /// The run ended before the upload did.
    case cancelled
    /// The open model's upload came while as many were under way as may be, and never started: it
    /// has no start and no end.
    case overflow
}
