/// One line of `doctor`.
struct DoctorCheck: Sendable {
    enum Outcome: String, Sendable {
        case pass
        case fail
        /// The target has no such thing; whoever does not need it need not care.
        case notSupported = "not-supported"
        /// What it builds on is missing, or was not asked for.
        case notTried = "not-tried"
    }

    /// Stable, for other programs: `presigned-put`.
    let id: String
    let outcome: Outcome
    /// What was seen.
    let detail: String
    /// What to do, lines that can be pasted among them.
    var advice: [String] = []

    init(_ id: String, _ outcome: Outcome, _ detail: String, advice: [String] = []) {
        self.id = id
        self.outcome = outcome
        self.detail = detail
        self.advice = advice
    }

    var object: [String: Any] {
        ["id": id, "outcome": outcome.rawValue, "detail": detail, "advice": advice]
    }
}
