/// How an engine connects, and its limits on time and memory: no request lasts for ever, no answer
/// fills the memory.
package struct TransferConfiguration: Sendable {
    /// For the name, the TCP handshake and the TLS handshake together.
    package var connectTimeoutNs: Int64 = 10_000_000_000
    /// Without a byte in either direction.
    package var idleTimeoutNs: Int64 = 30_000_000_000
    /// From `send` to the answer's last byte, with retries and redirects.
    package var totalTimeoutNs: Int64 = 600_000_000_000
    /// How long a body waits for `100 Continue` (RFC 9110 §10.1.1 leaves it open; curl's is 1 s).
    package var continueTimeoutNs: Int64 = 1_000_000_000
    /// A connection that was idle for longer is not used again: the usual servers close theirs
    /// after 60 s or more, and a request that meets the closing is lost.
    package var reuseWithinNs: Int64 = 55_000_000_000

    package var answerHeadLimitBytes = 64 * 1024
    package var answerFieldLimit = 200
    package var answerBodyLimitBytes = 1024 * 1024
    package var interimAnswerLimit = 16
    package var connectionLimit = 20_000
    /// Connections that are being made at a time; more wait for their turn. Thousands at once would
    /// overflow the server's queue of those not yet accepted (listen(2)), and each that is dropped
    /// there is sent again a second later.
    package var connectingLimit = 1024
    /// Sent (and received) per connection and turn of the loop, so that one large body does not
    /// hold up all other connections: measured, 16 MiB bodies delay a start by 451 ms without it,
    /// by 60 µs with it.
    package var sendQuantumBytes = 256 * 1024
    /// Sent instead where no start is due for a while, without TLS: one call then takes all that the
    /// socket's buffer holds. Fewer, larger calls cost less CPU time.
    package var sendBurstBytes = 4 * 1024 * 1024

    /// nil keeps the system's, which grows with the connection.
    package var socketSendBufferBytes: Int?
    /// A PEM file of authorities instead of the system's.
    package var authoritiesPath: String?
    package var verifiesServer = true
    /// A TLS connection may go on with the session of an earlier one (RFC 8446 §2.2).
    package var resumesTLSSessions = true
    /// A URL; reached by CONNECT. nil is what the environment says. Loopback needs none.
    package var proxy: String?

    package init() {}
}
