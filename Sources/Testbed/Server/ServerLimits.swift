import CLinux

/// The bounds of a server; every one is named in the refusal that it causes.
package struct ServerLimits: Sendable {
    /// A key of 1,024 bytes is 3,072 when escaped, and session tokens reach some 2 KiB.
    package var requestLineBytes = 16 * 1024
    package var fieldsBytes = 16 * 1024
    package var fieldCount = 200
    package var connections = 20_000
    package var descriptorsPerConnection = 1
    /// The role's, the client's, and the link's own to the role.
    static let descriptorsBehindLink = 3
    /// Unread rest of a body that is still swallowed to keep the connection.
    package var drainedBodyBytes: Int64 = 256 * 1024
    /// From the first byte of a head to its end; as long for a TLS handshake.
    package var headTimeout: Duration = .seconds(20)
    /// Between two requests.
    package var idleTimeout: Duration = .seconds(75)
    /// Without a byte of a body coming in or of an answer going out.
    package var stallTimeout: Duration = .seconds(60)
    /// What a body that is waited for has to bring in each `stallTimeout`.
    package var slowestBodyBytes: Int64 = 1024
    /// How long a closing connection waits for the client's next byte or end, so that it can read
    /// the answer; and how long in all, for one that never ends.
    package var lingerTimeout: Duration = .seconds(2)
    package var lingerTotalTimeout: Duration = .seconds(30)

    package init() {}

    /// Connections of all roles together that leave descriptors for the files and connections by which a
    /// role serves the clients that it has.
    var clientsWithinDescriptors: Int {
        var descriptors = rlimit()
        guard clinux_getrlimit(clinux_RLIMIT_NOFILE, &descriptors) == 0 else { return .max }
        let limit = Int(clamping: descriptors.rlim_cur)
        return max(limit - 256, limit / 4 * 3) / descriptorsPerConnection
    }
}

/// The time limits as the loop counts.
struct ServerTimeouts {
    let headNs: Int64
    let idleNs: Int64
    let stallNs: Int64
    let lingerNs: Int64
    let lingerTotalNs: Int64

    init(_ limits: ServerLimits) {
        headNs = Self.nanoseconds(limits.headTimeout)
        idleNs = Self.nanoseconds(limits.idleTimeout)
        stallNs = Self.nanoseconds(limits.stallTimeout)
        lingerNs = Self.nanoseconds(limits.lingerTimeout)
        lingerTotalNs = Self.nanoseconds(limits.lingerTotalTimeout)
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
