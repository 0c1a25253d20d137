/// Columns of text for a terminal, as wide as their widest field.
struct AlignedColumns {
    /// Those that are flush left; numbers are flush right.
    var leftColumns: Set<Int> = [0]
    private(set) var rows: [[String]] = []

    mutating func add(_ row: [String]) { rows.append(row) }

    var lines: [String] {
        let count = rows.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            let fields = row.enumerated().map { column, text in
                let space = String(repeating: " ", count: widths[column] - text.count)
                return leftColumns.contains(column) ? text + space : space + text
            }
            var line = fields.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
