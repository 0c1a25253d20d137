/// What the edge role is told at its start.
package struct EdgeConfiguration: Sendable {
    /// The gateway's: the edge knows the same token, and signs for the same bucket.
    package var gateway: GatewayConfiguration
    /// What the function takes for each request.
    package var service = ServiceTime.none
    /// CloudFront Developer Guide, "Quotas": length of a URL, 8,192 bytes. Whether scheme and host
    /// count is not confirmed: here path and query do.
    package var urlBytes = 8_192
    /// The same: a request with headers and query, without its body, 20,480 bytes.
    package var headBytes = 20_480
    /// The same: a request's body, 64 GB.
    package var bodyBytes: Int64 = 64 << 30

    package init(gateway: GatewayConfiguration) { self.gateway = gateway }

    /// What the edge's server must let pass, for the edge to answer it: heads over the quota with a
    /// status of their own, and bodies to their end, as CloudFront reads them whatever its function
    /// answers.
    package var serverLimits: ServerLimits {
        var limits = ServerLimits()
        limits.requestLineBytes = max(limits.requestLineBytes, 4 * urlBytes)
        limits.fieldsBytes = max(limits.fieldsBytes, 2 * headBytes)
        limits.drainedBodyBytes = bodyBytes
        return limits
    }
}
