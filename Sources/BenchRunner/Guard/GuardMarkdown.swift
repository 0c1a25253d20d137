import Scenarios

/// The same as tables of Markdown: an overview, the holes, and what was answered in each cell.
struct GuardMarkdown {
    let report: GuardReport

    var text: String {
        ([overview, holes, answers, GuardCleanUp.sentence(report)].filter { !$0.isEmpty })
            .joined(separator: "\n\n")
    }

    private var overview: String {
        let header = ["case"] + report.strategies.map(\.rawValue)
        let rows = report.cases.map { guardCase in
            [guardCase.title]
                + report.strategies.map { strategy in
                    guard let row = row(strategy, guardCase) else { return "" }
                    let symbol = GuardSymbol(row).text
                    return row.isHole || row.isRefusedWrongly ? "**\(symbol)**" : symbol
                }
        }
        return Self.table(header, rows)
    }

    private var holes: String {
        let groups = GuardHoles(report.rows).groups
        guard !groups.isEmpty else { return "" }
        return Self.table(
            ["hole", "strategies", "what closes it, and its cost"],
            groups.map {
                [$0.title, $0.strategies.map(\.rawValue).joined(separator: ", "), $0.mitigation]
            })
    }

    /// Cells of one case that were answered alike stand together.
    private var answers: String {
        var rows: [[String]] = []
        for guardCase in report.cases {
            var groups: [(cells: [String], strategies: [String])] = []
            for row in report.rows where row.guardCase == guardCase {
                let cells = Self.answer(row)
                if let index = groups.firstIndex(where: { $0.cells == cells }) {
                    groups[index].strategies.append(row.scenario.rawValue)
                } else {
                    groups.append((cells, [row.scenario.rawValue]))
                }
            }
            rows += groups.map {
                ["`\(guardCase.rawValue)`", $0.strategies.joined(separator: ", ")] + $0.cells
            }
        }
        return Self.table(
            ["case", "strategies", "outcome", "by", "answer", "sent", "in the bucket", "note"], rows
        )
    }

    private static func answer(_ row: GuardRow) -> [String] {
        let status = row.httpStatus.map(String.init) ?? ""
        let answer = [status, row.errorCode].filter { !$0.isEmpty }.joined(separator: " ")
        return [
            row.outcome.rawValue, row.refusedBy, answer, row.sentShare, row.left, row.note,
        ]
    }

    private func row(_ strategy: Strategy, _ guardCase: GuardCase) -> GuardRow? {
        report.rows.first { $0.scenario == strategy && $0.guardCase == guardCase }
    }

    private static func table(_ header: [String], _ rows: [[String]]) -> String {
        ([header, header.map { _ in "---" }] + rows).map { cells in
            "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
        }.joined(separator: "\n")
    }
}
