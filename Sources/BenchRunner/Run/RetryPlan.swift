import Scenarios

/// What a cell's workers send again.
struct RetryPlan: Sendable {
    let policy: RetryPolicy
    let strategy: Strategy
    let signer: RunPlan.Signer
    let seed: UInt64

    /// Each worker has a quota and random delays of its own.
    func makeRetries(worker: Int) -> StandardRetries? {
        guard policy == .standard else { return nil }
        return StandardRetries(seed: seed &+ UInt64(worker) &* 0x9E37_79B9_7F4A_7C15)
    }

    /// A POST to S3 repeated does what the first did: a form stores the same key, a completion is
    /// answered alike. One to an API may store or review twice: it is only repeated when the API has
    /// said that it did not begin (429, throttled).
    func repeatsPosts(_ phase: Phase) -> Bool {
        switch phase {
        case .authorize: signer == .local
        case .upload: !strategy.isProxy
        case .notify: false
        }
    }
}
