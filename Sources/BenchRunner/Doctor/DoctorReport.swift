/// What `doctor` says, for people and for programs.
struct DoctorReport {
    let target: [(name: String, value: String)]
    var checks: [DoctorCheck] = []

    var hasFailed: Bool { checks.contains { $0.outcome == .fail } }

    var object: [String: Any] {
        [
            "target": Dictionary(target.map { ($0.name, $0.value as Any) }) { $1 },
            "checks": checks.map(\.object), "ok": !hasFailed,
        ]
    }

    func text(usesColor: Bool) -> String {
        var lines = target.map { "\(padded($0.name, to: 12)) \($0.value)" }
        if !checks.isEmpty { lines.append("") }
        let width = checks.map(\.id.count).max() ?? 0
        for check in checks {
            let mark = Self.colored(
                padded(check.outcome.rawValue, to: 13), check.outcome, usesColor)
            lines.append("\(mark) \(padded(check.id, to: width))  \(check.detail)")
            lines += check.advice.map { "                \($0)" }
        }
        if !checks.isEmpty { lines += ["", summary] }
        return lines.joined(separator: "\n")
    }

    var markdown: String {
        let rows = checks.map { "| \($0.id) | \($0.outcome.rawValue) | \($0.detail) |" }
        return (["| check | outcome | seen |", "|---|---|---|"] + rows).joined(separator: "\n")
    }

    private var summary: String {
        let count = { (outcome: DoctorCheck.Outcome) in checks.count { $0.outcome == outcome } }
        return "\(count(.pass)) pass, \(count(.fail)) fail, \(count(.notSupported)) not supported,"
            + " \(count(.notTried)) not tried"
    }

    private static func colored(
        _ text: String, _ outcome: DoctorCheck.Outcome, _ usesColor: Bool
    ) -> String {
        guard usesColor else { return text }
        let code =
            switch outcome {
            case .pass: "32"
            case .fail: "1;31"
            case .notSupported: "33"
            case .notTried: "2"
            }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}
