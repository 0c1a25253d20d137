package import NetIO

/// When the parts of a request happened, in ns of CLOCK_MONOTONIC; 0 is "did not happen".
///
/// After a retry or a redirect the stamps are those of the last attempt, but `startedNs` is that
/// of the first, and the durations are sums.
package struct Timings: Sendable, Equatable {
    package var startedNs: Int64 = 0
    /// How long names and TCP handshakes took; nil if every connection was there already.
    package var connectNs: Int64?
    package var tlsNs: Int64?
    /// The first byte was given to the kernel, and the last one was taken by it.
    package var sendStartNs: Int64 = 0
    package var sendEndNs: Int64 = 0
    /// Of the final answer; interim ones do not count.
    package var firstByteNs: Int64 = 0
    package var endedNs: Int64 = 0

    package init() {}
}

/// A complete answer.
package struct Answer: Sendable {
    package let status: Int
    package let headers: HeaderFields
    package let body: [UInt8]
    package let timings: Timings
    /// On the socket: heads, redirects and, with TLS, handshakes and records.
    package let bytesSent: Int64
    package let bytesReceived: Int64
    package let isConnectionReused: Bool
    package let retries: Int
    package let redirects: Int

    package init(
        status: Int, headers: HeaderFields = HeaderFields(), body: [UInt8] = [],
        timings: Timings = Timings(), bytesSent: Int64 = 0, bytesReceived: Int64 = 0,
        isConnectionReused: Bool = false, retries: Int = 0, redirects: Int = 0
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.timings = timings
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
        self.isConnectionReused = isConnectionReused
        self.retries = retries
        self.redirects = redirects
    }
}

/// A request that ended without a complete answer, with what it cost.
package struct FailedTransfer: Error, Sendable {
    package let failure: TransferFailure
    package let timings: Timings
    package let bytesSent: Int64
    package let bytesReceived: Int64
    package let isConnectionReused: Bool
    package let retries: Int
    package let redirects: Int

    package init(
        failure: TransferFailure, timings: Timings, bytesSent: Int64 = 0,
        bytesReceived: Int64 = 0, isConnectionReused: Bool = false, retries: Int = 0,
        redirects: Int = 0
    ) {
        self.failure = failure
        self.timings = timings
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
        self.isConnectionReused = isConnectionReused
        self.retries = retries
        self.redirects = redirects
    }
}
