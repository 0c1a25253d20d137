/// Results as JUnit XML, within the schema by which Jenkins reads it (xunit-plugin, junit-10.xsd).
struct JUnit {
    struct Case {
        enum Outcome {
            case passed
            case failed(String)
            /// Neither: not enough was known.
            case skipped(String)
        }

        let className: String
        let name: String
        let outcome: Outcome
        /// Figures for those who look closer.
        var output = ""
    }

    struct Suite {
        let name: String
        let cases: [Case]
    }

    let name: String
    let suites: [Suite]

    var xml: String {
        let all = suites.flatMap(\.cases)
        var lines = [
            #"<?xml version="1.0" encoding="UTF-8"?>"#,
            "<testsuites name=\(Self.quoted(name)) \(Self.totals(all))>",
        ]
        for suite in suites {
            lines.append(
                "  <testsuite name=\(Self.quoted(suite.name)) \(Self.totals(suite.cases))"
                    + " skipped=\"\(suite.cases.count { $0.isSkipped })\">")
            lines += suite.cases.flatMap(\.xmlLines)
            lines.append("  </testsuite>")
        }
        return (lines + ["</testsuites>", ""]).joined(separator: "\n")
    }

    private static func totals(_ cases: [Case]) -> String {
        "tests=\"\(cases.count)\" failures=\"\(cases.count { $0.isFailed })\" errors=\"0\""
    }

    static func quoted(_ text: String) -> String { "\"\(escaped(text))\"" }

    /// Without the characters that XML 1.0 cannot hold at all (§2.2).
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n", "\r": result += "&#\(scalar.value);"
            case "\u{20}"..."\u{D7FF}", "\u{E000}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}":
                result.unicodeScalars.append(scalar)
            default: result += "\u{FFFD}"
            }
        }
        return result
    }
}

extension JUnit.Case {
    fileprivate var isFailed: Bool {
        if case .failed = outcome { return true }
        return false
    }

    fileprivate var isSkipped: Bool {
        if case .skipped = outcome { return true }
        return false
    }

    fileprivate var xmlLines: [String] {
        let head = "    <testcase classname=\(JUnit.quoted(className)) name=\(JUnit.quoted(name))"
        var inner: [String] = []
        switch outcome {
        case .passed: break
        case .failed(let message):
            inner.append("      <failure message=\(JUnit.quoted(message)) type=\"regression\"/>")
        case .skipped(let message):
            inner.append("      <skipped message=\(JUnit.quoted(message))/>")
        }
        if !output.isEmpty {
            inner.append("      <system-out>\(JUnit.escaped(output))</system-out>")
        }
        return inner.isEmpty ? [head + "/>"] : [head + ">"] + inner + ["    </testcase>"]
    }
}

extension GateReport {
    /// One suite per cell, one case per metric: a regression fails, what is not decided is skipped.
    var junit: JUnit {
        let suites = subjects.map { subject, rows in
            JUnit.Suite(name: subject.title, cases: rows.map { Self.junitCase($0) })
        }
        return JUnit(name: "uploadbench compare", suites: suites)
    }

    private static func junitCase(_ row: GateRow) -> JUnit.Case {
        let outcome: JUnit.Case.Outcome
        switch row.verdict {
        case .regression: outcome = .failed(row.sentence)
        case .improvement, .equivalent: outcome = .passed
        case .inconclusive, .underpowered, .notJudged: outcome = .skipped(row.sentence)
        }
        return JUnit.Case(
            className: "uploadbench." + row.subject.className, name: row.metric.title,
            outcome: outcome, output: row.sentence)
    }
}

extension GateSubject {
    fileprivate var className: String {
        switch self {
        case .cell(let key): key.scenario
        case .signing: "signing"
        }
    }
}

extension JUnit {
    /// One case per objective and strategy; without data it fails, as the run does.
    init(_ verdicts: [ObjectiveVerdict]) {
        let cases = verdicts.map { verdict in
            Case(
                className: "uploadbench.objectives",
                name: [verdict.objective.text, verdict.subject].compactMap { $0 }
                    .joined(separator: " of "),
                outcome: verdict.isMet ? .passed : .failed(verdict.text), output: verdict.text)
        }
        self.init(name: "uploadbench run", suites: [Suite(name: "objectives", cases: cases)])
    }
}
