import Scenarios

/// The strategies beside each other, one case per line, and under them the holes.
struct GuardTable {
    let report: GuardReport
    let usesColor: Bool
    let width: Int

    func text(_ format: TableFormat) -> String {
        switch format {
        case .table: plain()
        case .markdown: GuardMarkdown(report: report).text
        case .json: json()
        }
    }

    private func plain() -> String {
        var lines = matrix()
        lines.append("")
        lines += wrap(GuardSymbol.legend, indent: "", hanging: "")
        let holes = GuardHoles(report.rows)
        if !holes.groups.isEmpty {
            lines += [
                "", "\(holes.count) holes, and what closes them (list prices of us-east-1, 2024):",
            ]
        }
        for group in holes.groups {
            let names = group.strategies.map(\.rawValue).joined(separator: ", ")
            lines += wrap("\(group.title): \(names)", indent: "  ", hanging: "      ")
            lines += wrap("→ \(group.mitigation)", indent: "    ", hanging: "      ")
        }
        lines += wronglyRefused()
        lines += [""] + wrap(GuardCleanUp.sentence(report), indent: "", hanging: "  ")
        return lines.joined(separator: "\n")
    }

    private func matrix() -> [String] {
        let titles = report.strategies.map(GuardSymbol.title)
        let label = 24
        let header = { (index: Int) in
            let names = titles.map { padded($0[index], to: 6) }
            return trimmed(padded("", to: label) + names.joined())
        }
        let rows = report.cases.map { guardCase in
            let cells = report.strategies.map { strategy in
                let row = report.rows.first {
                    $0.scenario == strategy && $0.guardCase == guardCase
                }
                return cell(row.map(GuardSymbol.init))
            }
            return trimmed(padded(guardCase.title, to: label) + cells.joined())
        }
        return [header(0), header(1)] + rows
    }

    private func cell(_ symbol: GuardSymbol?) -> String {
        guard let symbol else { return padded("", to: 6) }
        let text = padded(symbol.text, to: 6)
        guard usesColor, let code = symbol.colorCode else { return text }
        return "\u{1B}[\(code)m\(symbol.text)\u{1B}[0m" + text.dropFirst(symbol.text.count)
    }

    private func wronglyRefused() -> [String] {
        let wrong = report.rows.filter(\.isRefusedWrongly)
        guard !wrong.isEmpty else { return [] }
        let cells = wrong.map {
            "\($0.guardCase.title) (\($0.scenario.rawValue)"
                + " \($0.httpStatus.map(String.init) ?? "") \($0.errorCode))"
        }
        return [""]
            + wrap(
                "refused for no good reason: " + cells.joined(separator: ", "), indent: "",
                hanging: "  ")
    }

    private func json() -> String {
        JSONText.render([
            "schema_version": 1, "rows": report.rows.map(\.object),
            "left_behind": report.leftBehind, "complete": report.isComplete,
        ])
    }

    private func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }

    /// Breaks at spaces, at 80 columns or the terminal's width up to 120.
    private func wrap(_ text: String, indent: String, hanging: String) -> [String] {
        let limit = min(max(width, 80), 120)
        var lines: [String] = []
        var line = indent
        for word in text.split(separator: " ") {
            let isFirst = line == indent && lines.isEmpty || line == hanging && !lines.isEmpty
            if !isFirst, line.count + 1 + word.count > limit {
                lines.append(line)
                line = hanging + word
            } else {
                line += (isFirst ? "" : " ") + word
            }
        }
        return lines + [line]
    }
}

/// A cell in five letters.
struct GuardSymbol {
    let text: String
    /// Of ANSI; nil for plain.
    let colorCode: String?

    static let legend =
        "API, edge, S3, page: refused by it (page: the browser). HOLE: stored. GONE: deleted what was"
        + " there. moot: taken, but the flaw had no effect. ok: stored, as it should be. NO: refused"
        + " for no good reason. · does not apply, n/s not supported, fail: no answer or 5xx."

    init(_ row: GuardRow) {
        let isHarm = row.guardCase.shouldBeRefused
        switch row.outcome {
        case .refused where isHarm:
            let names = ["api": "API", "s3": "S3", "browser": "page"]
            (text, colorCode) = (names[row.refusedBy] ?? row.refusedBy, "32")
        case .refused: (text, colorCode) = ("NO", "1;33")
        case .stored where isHarm: (text, colorCode) = ("HOLE", "1;31")
        case .stored: (text, colorCode) = ("ok", "32")
        case .removed: (text, colorCode) = ("GONE", "1;31")
        case .confined: (text, colorCode) = ("moot", "36")
        case .notApplicable: (text, colorCode) = ("·", "2")
        case .notSupported: (text, colorCode) = ("n/s", "2")
        case .failed: (text, colorCode) = ("fail", "1;33")
        }
    }

    /// Two lines of at most five letters.
    static func title(_ strategy: Strategy) -> [String] {
        switch strategy {
        case .proxyJSON: ["proxy", "json"]
        case .proxyBinary: ["proxy", "bin"]
        case .edgeRedirect: ["edge", "redir"]
        case .presignedPut: ["pre-", "put"]
        case .presignedPost: ["pre-", "post"]
        case .acceleratedPut: ["acc.", "put"]
        case .acceleratedPost: ["acc.", "post"]
        case .presignedMultipart: ["pre-", "parts"]
        case .acceleratedMultipart: ["acc.", "parts"]
        }
    }
}

/// The holes, those with the same way out together.
struct GuardHoles {
    struct Group {
        let title: String
        let mitigation: String
        var strategies: [Strategy]
    }

    private(set) var groups: [Group] = []

    /// Cells, not lines.
    let count: Int

    init(_ rows: [GuardRow]) {
        count = rows.count(where: \.isHole)
        for guardCase in GuardCase.allCases {
            for row in rows where row.guardCase == guardCase && row.isHole {
                add(guardCase.title, row)
            }
        }
        for row in rows where !row.isHole && row.leavesParts {
            add("parts left by what was refused", row)
        }
        groups = Self.merged(groups)
    }

    /// Cases with the same way out for the same strategies on one line.
    private static func merged(_ groups: [Group]) -> [Group] {
        var merged: [Group] = []
        for group in groups {
            guard
                let index = merged.firstIndex(where: {
                    $0.mitigation == group.mitigation && $0.strategies == group.strategies
                })
            else {
                merged.append(group)
                continue
            }
            let title = merged[index].title + ", " + group.title
            merged[index] = Group(
                title: title, mitigation: group.mitigation, strategies: group.strategies)
        }
        return merged
    }

    private mutating func add(_ title: String, _ row: GuardRow) {
        guard let mitigation = row.mitigation?.text else { return }
        if let index = groups.firstIndex(where: { $0.title == title && $0.mitigation == mitigation }
        ) {
            if !groups[index].strategies.contains(row.scenario) {
                groups[index].strategies.append(row.scenario)
            }
            return
        }
        groups.append(Group(title: title, mitigation: mitigation, strategies: [row.scenario]))
    }
}

enum GuardCleanUp {
    static func sentence(_ report: GuardReport) -> String {
        guard !report.leftBehind.isEmpty else {
            return "left in the bucket: nothing (what was stored was deleted, uploads were aborted)"
        }
        let shown = report.leftBehind.prefix(5).joined(separator: ", ")
        let more = report.leftBehind.count > 5 ? " and \(report.leftBehind.count - 5) more" : ""
        return "left in the bucket, to be deleted by hand: \(shown)\(more)"
    }
}
