package import Measure
import NetIO

/// Why no complete answer came.
package enum TransferFailure: Error, Sendable, Equatable {
    case nameNotResolved(String)
    case connectRefused
    case connectFailed(String)
    case connectTimedOut
    /// This process, or the machine, may not have more (EMFILE, ENFILE).
    case noFileDescriptors
    case tlsFailed(String)
    /// `code` is an errno.
    case sendFailed(code: Int32)
    case receiveFailed(code: Int32)
    case closedBeforeAnswer
    case closedInsideAnswer
    case idleTimedOut
    case totalTimedOut
    case protocolViolation(String)
    /// `limit` names the field of `TransferConfiguration`.
    case answerTooLarge(limit: String, Int)
    case tooManyConnections(limit: Int)
    case invalidRequest(String)
    case cancelled

    /// Stable, for the `error_code` column.
    package var code: String {
        switch self {
        case .nameNotResolved: "name-not-resolved"
        case .connectRefused: "connect-refused"
        case .connectFailed: "connect-failed"
        case .connectTimedOut: "connect-timed-out"
        case .noFileDescriptors: "no-file-descriptors"
        case .tlsFailed: "tls-failed"
        case .sendFailed: "send-failed"
        case .receiveFailed: "receive-failed"
        case .closedBeforeAnswer: "closed-before-answer"
        case .closedInsideAnswer: "closed-inside-answer"
        case .idleTimedOut: "idle-timed-out"
        case .totalTimedOut: "total-timed-out"
        case .protocolViolation: "protocol-violation"
        case .answerTooLarge: "answer-too-large"
        case .tooManyConnections: "too-many-connections"
        case .invalidRequest: "invalid-request"
        case .cancelled: "cancelled"
        }
    }

    package var message: String {
        switch self {
        case .nameNotResolved(let why): "the host name has no address: \(why)"
        case .connectRefused: "the host refused the connection: nothing listens on that port"
        case .connectFailed(let why): "no connection could be made: \(why)"
        case .connectTimedOut: "no connection was made in time"
        case .noFileDescriptors: "this process has no file descriptor left for a connection"
        case .tlsFailed(let why): "TLS failed: \(why)"
        case .sendFailed(let code): "\(SystemError(operation: "sending the request", code: code))"
        case .receiveFailed(let code):
            "\(SystemError(operation: "receiving the answer", code: code))"
        case .closedBeforeAnswer: "the server closed the connection without an answer"
        case .closedInsideAnswer: "the server closed the connection in the middle of its answer"
        case .idleTimedOut: "no byte moved in either direction for too long"
        case .totalTimedOut: "the request took longer than it may"
        case .protocolViolation(let why): "the answer is not HTTP/1.1: \(why)"
        case .answerTooLarge(let limit, let bound):
            "the answer exceeds the limit of \(limit): \(bound)"
        case .tooManyConnections(let limit): "more than \(limit) connections would be open"
        case .invalidRequest(let why): "the request cannot be sent: \(why)"
        case .cancelled: "the request was cancelled"
        }
    }

    init(_ error: SyntaxError) {
        switch error {
        case .malformed(let why): self = .protocolViolation(why)
        case .tooLarge(let limit, let bound): self = .answerTooLarge(limit: limit, bound)
        }
    }
}

extension Outcome {
    /// The class that a failure is counted in.
    package init(_ failure: TransferFailure) {
        switch failure {
        case .nameNotResolved, .connectRefused, .connectFailed, .noFileDescriptors,
            .tooManyConnections:
            self = .connectFailed
        case .connectTimedOut, .idleTimedOut, .totalTimedOut: self = .timedOut
        case .tlsFailed: self = .tlsFailed
        case .sendFailed, .receiveFailed, .closedBeforeAnswer, .closedInsideAnswer:
            self = .connectionLost
        case .protocolViolation, .answerTooLarge, .invalidRequest: self = .protocolError
        case .cancelled: self = .cancelled
        }
    }
}
