import Presign

/// What a lane signs with: the endpoint, and the newest credentials.
struct SigningIdentity {
    private(set) var presigner: URLPresigner
    private let credentials: LiveCredentials?
    private var generation = 0

    init(_ endpoint: ScenarioFactory.LocalEndpoint) {
        presigner = endpoint.presigner
        credentials = endpoint.credentials
        // They may have been renewed since the endpoint was made.
        _ = renew()
    }

    /// Called between two uploads.
    ///
    /// - Returns: true when what was signed ahead of time is of no use any more.
    @discardableResult
    mutating func renew() -> Bool {
        guard let newer = credentials?.renewed(since: &generation) else { return false }
        presigner = presigner.with(newer)
        return true
    }
}
