import Foundation

/// What the embedded roles have used, as `serve` tells it on its standard output when its input
/// asks with the line `accounts`.
struct RoleAccounts: Codable, Sendable {
    struct Role: Codable, Sendable {
        /// CPU time of the role's thread since its start.
        let cpu_ns: Int64
        /// The most bytes of bodies that it held since the last question; nil where nobody counts.
        let peak_bytes: Int64?
    }

    let roles: [String: Role]

    static let question = "accounts"
}
