import NetIO
package import Presign

/// What the gateway is told at its start.
package struct GatewayConfiguration: Sendable {
    package var bucket: String
    package var region: String
    /// What it signs with; its own, never shown to clients.
    package var credentials: Credentials
    /// The store as clients reach it; signed URLs name it.
    package var store: ListenAddress
    /// The store as the gateway reaches it; nil: the same.
    package var upstream: ListenAddress?
    /// Of the URLs that it signs.
    package var scheme = "http"
    /// A store behind another address than this program's own: signed URLs name it.
    package var remote: RemoteStore?
    /// The accelerate endpoint's port as clients reach it; nil when there is none.
    package var acceleratePort: Int?
    /// The edge's; nil when there is none.
    package var edgePort: Int?
    /// The network as it was asked for, for the page to name; nil for none.
    package var linkName: String?
    /// What the page sends to for a bucket without CORS rules.
    package var bucketWithoutCORS: String?
    /// Is the page for trying the strategies there?
    package var hasPage = true
    /// Of the token; nil: open, every request is the user `anonymous`.
    package var tokenDigest: SHA256Digest?
    /// The user whose token it is.
    package var user = "bench"
    package var expiresSeconds = 300
    package var keyPolicy = KeyPolicy.uuid
    /// Whose pages may read the answers.
    package var allowedOrigin = "*"
    package var limits = GatewayLimits()
    package var account = GatewayAccount()
    package var now: @Sendable () -> SigningTime

    package init(
        bucket: String, region: String, credentials: Credentials, store: ListenAddress,
        token: String?, now: @escaping @Sendable () -> SigningTime
    ) {
        self.bucket = bucket
        self.region = region
        self.credentials = credentials
        self.store = store
        tokenDigest = token.map { SHA256.digest(Array($0.utf8)) }
        self.now = now
    }

    /// A gateway in front of a store elsewhere.
    package init(
        remote: RemoteStore, credentials: Credentials, tokenDigest: SHA256Digest,
        now: @escaping @Sendable () -> SigningTime
    ) {
        self.init(
            bucket: remote.endpoint.bucket, region: remote.endpoint.region,
            credentials: credentials, store: ListenAddress(host: "localhost"), token: nil, now: now)
        self.remote = remote
        self.tokenDigest = tokenDigest
    }
}

/// The addresses of a bucket that others serve, or stand in front of.
package struct RemoteStore: Sendable {
    package let endpoint: Endpoint
    /// nil when there is none but this program's.
    package let accelerated: Endpoint?

    package init(endpoint: Endpoint, accelerated: Endpoint?) {
        self.endpoint = endpoint
        self.accelerated = accelerated
    }
}

/// Who names the key of an upload. Keys are taken as they are, `..` included: S3 does not normalise
/// them (S3 User Guide, "Naming Amazon S3 objects").
package enum KeyPolicy: String, Sendable, CaseIterable {
    /// `users/<user>/<uuid><extension>`, new for each upload.
    case uuid
    /// `users/<user>/upload<extension>`: the last upload stays.
    case perUser = "per-user"
    /// `users/<user>/<the client's file name>`; a form's policy fixes only the beginning.
    case chosen
}

/// The limits of API Gateway and Lambda, each to be set otherwise.
package struct GatewayLimits: Sendable {
    /// API Gateway, "Quotas": payload size, 10 MB.
    package var bodyBytes: Int64 = 10_485_760
    /// AWS Lambda, "Quotas": synchronous invocation payload, 6 MB.
    package var lambdaEventBytes: Int64 = 6_291_456
    /// API Gateway, "Quotas": total size of all header values, 10,240 bytes.
    package var headerBytes = 10_240
    /// API Gateway, "Quotas": 10,000 requests per second and account, with a bucket of 5,000.
    package var throttlePerSecond = 10_000.0
    package var throttleBurst = 5_000.0
    /// AWS Lambda, "Quotas": 1,000 concurrent executions.
    package var lambdaConcurrency = 1_000
    /// Of invocations; AWS says that under 1% start cold, which take 100 ms to over 1 s. None unless
    /// asked for.
    package var coldStartShare = 0.0
    package var coldStartNs: Int64 = 0
    /// API Gateway, "Quotas": integration timeout, 29 s.
    package var integrationTimeoutNs: Int64 = 29_000_000_000
    /// Added to each request.
    package var service = ServiceTime.none
    /// Of the cold starts and service times.
    package var seed: UInt64 = 1

    package init() {}

    /// For a gateway behind the real services, which keep to their limits themselves.
    package static var none: GatewayLimits {
        var limits = GatewayLimits()
        (limits.bodyBytes, limits.lambdaEventBytes) = (1 << 40, 1 << 40)
        limits.headerBytes = 1 << 40
        (limits.throttlePerSecond, limits.throttleBurst) = (1e9, 1e9)
        limits.lambdaConcurrency = 1 << 40
        limits.integrationTimeoutNs = 1 << 60
        return limits
    }
}
