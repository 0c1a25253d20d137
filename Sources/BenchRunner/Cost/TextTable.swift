/// Rows of text in columns; the first column is aligned left, the others right.
struct TextTable {
    struct Cell {
        let text: String
        var isBest = false
    }

    let titles: [String]
    var rows: [[Cell]] = []

    /// The best values stand out in bold green, or with a star where there is no colour.
    func plain(usesColor: Bool) -> String {
        let widths = titles.indices.map { column in
            ([titles[column]] + rows.map { $0[column].text }).map(\.count).max() ?? 0
        }
        let head = titles.enumerated().map { aligned($1, $0, widths) + " " }.joined(separator: " ")
        let lines = rows.map { row in
            row.enumerated().map { index, cell in
                let text = aligned(cell.text, index, widths)
                guard cell.isBest else { return text + " " }
                return usesColor ? "\u{1B}[1;32m\(text)\u{1B}[0m " : text + "*"
            }.joined(separator: " ")
        }
        return ([head] + lines).map(Self.trimmedEnd).joined(separator: "\n")
    }

    var markdown: String {
        let rule = titles.indices.map { $0 == 0 ? "---" : "---:" }
        let lines = rows.map { $0.map { $0.isBest ? "**\($0.text)**" : $0.text } }
        return ([titles, rule] + lines)
            .map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    }

    private func aligned(_ text: String, _ column: Int, _ widths: [Int]) -> String {
        let spaces = String(repeating: " ", count: max(0, widths[column] - text.count))
        return column == 0 ? text + spaces : spaces + text
    }

    private static func trimmedEnd(_ line: String) -> String {
        String(line.reversed().drop { $0 == " " }.reversed())
    }
}
