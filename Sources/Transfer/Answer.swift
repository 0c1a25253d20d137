package import Measure
package import NetIO

/// When the parts of a request happened, in ns of CLOCK_MONOTONIC; 0 is "did not happen".
package struct Timings: Sendable {
    package var startedNs: Int64 = 0
    /// Durations; nil when the connection was there already.
    package var connectNs: Int64?
    package var tlsNs: Int64?
    package var sendStartNs: Int64 = 0
    package var sendEndNs: Int64 = 0
    package var firstByteNs: Int64 = 0
    package var endedNs: Int64 = 0
}

/// A complete answer.
package struct Answer: Sendable {
    package let status: Int
    package let headers: HeaderFields
    package let body: [UInt8]
    package let timings: Timings
    /// On the socket, heads and redirects included, TLS not.
    package let bytesSent: Int64
    package let bytesReceived: Int64
    package let isConnectionReused: Bool
    package let retries: Int

    package init(
        status: Int, headers: HeaderFields = HeaderFields(), body: [UInt8] = [],
        timings: Timings = Timings(), bytesSent: Int64 = 0, bytesReceived: Int64 = 0,
        isConnectionReused: Bool = false, retries: Int = 0
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.timings = timings
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
        self.isConnectionReused = isConnectionReused
        self.retries = retries
    }
}

/// Why no complete answer came.
package enum TransferFailure: Error, Sendable, Equatable {
    case nameNotResolved(String)
    case connectFailed(String)
    case connectTimedOut
    case tlsFailed(String)
    case sendFailed(code: Int32)
    case receiveFailed(code: Int32)
    case closedBeforeAnswer
    case closedInsideAnswer
    case idleTimedOut
    case totalTimedOut
    case protocolViolation(String)
    case answerTooLarge(limitBytes: Int)
    case cancelled

    /// Stable, for the `error_code` column.
    package var code: String {
        switch self {
        case .nameNotResolved: "name-not-resolved"
        case .connectFailed: "connect-failed"
        case .connectTimedOut: "connect-timed-out"
        case .tlsFailed: "tls-failed"
        case .sendFailed: "send-failed"
        case .receiveFailed: "receive-failed"
        case .closedBeforeAnswer: "closed-before-answer"
        case .closedInsideAnswer: "closed-inside-answer"
        case .idleTimedOut: "idle-timed-out"
        case .totalTimedOut: "total-timed-out"
        case .protocolViolation: "protocol-violation"
        case .answerTooLarge: "answer-too-large"
        case .cancelled: "cancelled"
        }
    }

    package var message: String {
        switch self {
        case .nameNotResolved(let reason), .connectFailed(let reason), .tlsFailed(let reason),
            .protocolViolation(let reason):
            reason
        case .sendFailed(let code), .receiveFailed(let code):
            "\(SystemError(operation: self.code, code: code))"
        case .answerTooLarge(let limit): "the answer is larger than \(limit) bytes"
        default: code
        }
    }
}

/// A request that ended without a complete answer, with what it cost.
package struct FailedTransfer: Error, Sendable {
    package let failure: TransferFailure
    package let timings: Timings
    package let bytesSent: Int64
    package let bytesReceived: Int64
    package let retries: Int
}

extension Outcome {
    /// The class that a failure is counted in.
    package init(_ failure: TransferFailure) {
        switch failure {
        case .nameNotResolved, .connectFailed: self = .connectFailed
        case .connectTimedOut, .idleTimedOut, .totalTimedOut: self = .timedOut
        case .tlsFailed: self = .tlsFailed
        case .sendFailed, .receiveFailed, .closedBeforeAnswer, .closedInsideAnswer:
            self = .connectionLost
        case .protocolViolation, .answerTooLarge: self = .protocolError
        case .cancelled: self = .cancelled
        }
    }
}

/// Limits on time and memory: no request lasts for ever, no answer fills the memory.
package struct TransferConfiguration: Sendable {
    package var connectTimeoutNs: Int64 = 10_000_000_000
    /// Without a byte in either direction.
    package var idleTimeoutNs: Int64 = 30_000_000_000
    package var totalTimeoutNs: Int64 = 600_000_000_000
    /// How long a body waits for `100 Continue` (RFC 9110 §10.1.1 leaves it open; curl's is 1 s).
    package var continueTimeoutNs: Int64 = 1_000_000_000
    package var answerHeadLimitBytes = 64 * 1024
    package var answerBodyLimitBytes = 1024 * 1024
    /// Sent per connection and turn of the loop, so that one large body does not hold up all
    /// other connections.
    package var sendQuantumBytes = 256 * 1024
    /// nil keeps the system's.
    package var socketSendBufferBytes: Int?
    /// A PEM file of authorities instead of the system's.
    package var authoritiesPath: String?
    package var verifiesServer = true

    package init() {}
}
