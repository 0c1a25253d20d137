import Scenarios

/// One small upload by each strategy, as `run` does them, and whether what is signed is enforced.
struct DoctorUploads {
    let trial: GuardTrial
    let plan: DoctorPlan
    let source: String

    func checks() -> [DoctorCheck] {
        let rows = plan.base.scenarios.map { trial.row($0, .honest) }
        return rows.map(upload) + enforcement(rows)
    }

    private func upload(_ row: GuardRow) -> DoctorCheck {
        let id = row.scenario.rawValue
        let answer = Self.answer(row)
        switch row.outcome {
        case .stored:
            return DoctorCheck(id, .pass, "a small file is stored (\(answer))")
        case .notApplicable: return DoctorCheck(id, .notTried, row.note)
        case .notSupported: return DoctorCheck(id, .notSupported, answer)
        default: break
        }
        if Self.isUnsupported(row) {
            return DoctorCheck(
                id, .notSupported, "the server does not take it: \(answer)",
                advice: ["leave it out: --scenarios with the others"])
        }
        var advice = DoctorAdvice.credentials(row.errorCode, source: source) ?? []
        if advice.isEmpty, row.httpStatus == 403 {
            advice =
                plan.base.signer == .gateway
                ? ["the role of the API's function must be allowed to put into the bucket"]
                : DoctorAdvice.policy(bucket: plan.base.bucket ?? "", prefix: RunName.root)
        }
        let who = row.refusedBy.isEmpty ? "" : ", by \(row.refusedBy)"
        return DoctorCheck(id, .fail, "a small file is not stored: \(answer)\(who)", advice: advice)
    }

    private static func answer(_ row: GuardRow) -> String {
        let parts = [row.httpStatus.map(String.init) ?? "", row.errorCode, row.note]
        let text = parts.filter { !$0.isEmpty }.joined(separator: " ")
        return text.isEmpty ? row.outcome.rawValue : text
    }

    /// S3's own answers to a form or a URL that it could take; any other is of a server that cannot.
    private static func isUnsupported(_ row: GuardRow) -> Bool {
        UnsupportedAnswer(status: row.httpStatus, errorCode: row.errorCode) != nil
    }

    // MARK: Enforcement

    private func enforcement(_ rows: [GuardRow]) -> [DoctorCheck] {
        let stored = Set(rows.filter { $0.outcome == .stored }.map(\.scenario))
        return [
            enforced(
                "signature", .changedHeader, .presignedPut, stored,
                "a presigned PUT with another Content-Type than was signed",
                "the server verifies no signatures: nothing that it refuses or takes says anything about S3"
            ),
            enforced(
                "expiry", .replayAfterExpiry, .presignedPut, stored,
                "a presigned PUT that has expired",
                "whoever has seen a URL may upload for ever"),
            enforced(
                "policy-size", .oneByteTooLarge, .presignedPost, stored,
                "a form with a file one byte larger than its policy allows",
                "limit sizes elsewhere: the policy is not enforced"),
            enforced(
                "policy-type", .wrongType, .presignedPost, stored,
                "a form with another type than its policy allows",
                "hold types to a list elsewhere: the policy is not enforced"),
        ]
    }

    private func enforced(
        _ id: String, _ guardCase: GuardCase, _ strategy: Strategy, _ stored: Set<Strategy>,
        _ what: String, _ advice: String
    ) -> DoctorCheck {
        guard plan.base.scenarios.contains(strategy) else {
            return DoctorCheck(id, .notTried, "\(strategy.rawValue) is not asked for")
        }
        guard stored.contains(strategy) else {
            return DoctorCheck(id, .notTried, "\(strategy.rawValue) does not work there")
        }
        let row = trial.row(strategy, guardCase)
        switch row.outcome {
        case .refused: return DoctorCheck(id, .pass, "refused: \(what) (\(Self.answer(row)))")
        case .stored, .removed:
            return DoctorCheck(
                id, .fail, "taken: \(what)", advice: [advice, "'uploadbench guard' tries more"])
        case .notApplicable: return DoctorCheck(id, .notTried, row.note)
        case .notSupported: return DoctorCheck(id, .notSupported, Self.answer(row))
        default: return DoctorCheck(id, .fail, "\(what): \(Self.answer(row))")
        }
    }
}
