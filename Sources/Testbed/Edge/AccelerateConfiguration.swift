package import Presign

/// What the accelerate role is told at its start.
package struct AccelerateConfiguration: Sendable {
    /// Where it reaches the store, or the link to it; its connections there are kept open.
    package var upstream: ListenAddress
    package var region: String
    /// To ask the store for a bucket's state.
    package var credentials: Credentials
    /// Connections to the store that are kept open for requests to come.
    package var warmConnections = 16
    package var now: @Sendable () -> SigningTime
    /// Of the way to the store.
    var limits = UpstreamLimits()

    package init(
        upstream: ListenAddress, region: String, credentials: Credentials,
        now: @escaping @Sendable () -> SigningTime
    ) {
        self.upstream = upstream
        self.region = region
        self.credentials = credentials
        self.now = now
    }
}
