import Foundation
import Testbed

/// What the embedded roles have used, as `serve` tells it on its standard output when its input
/// asks with the line `accounts`.
struct RoleAccounts: Codable, Sendable {
    struct Role: Codable, Sendable {
        /// CPU time of the role's thread since its start.
        let cpu_ns: Int64
        /// The most bytes of bodies that it held since the last question; nil where nobody counts.
        let peak_bytes: Int64?
        /// Of the role's functions since its start; nil where there are none.
        let lambda_invocations: Int64?
        let lambda_billed_ms: Int64?

        func lambda(since before: Role) -> LambdaUse? {
            guard let invocations = lambda_invocations, let billedMs = lambda_billed_ms else {
                return nil
            }
            return LambdaUse(
                invocations: invocations - (before.lambda_invocations ?? 0),
                billedMs: billedMs - (before.lambda_billed_ms ?? 0))
        }
    }

    let roles: [String: Role]

    static let question = "accounts"
}
