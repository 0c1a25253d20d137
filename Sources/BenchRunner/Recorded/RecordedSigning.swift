/// A row of `signing.csv`.
struct RecordedSigning: Sendable {
    let operation: String
    let threads: Int
    let signs: Int
    let wallSeconds: Double
    let cpuSeconds: Double
    let signsPerSecond: Double
    let cpuNsPerSign: Double
    /// nil for what hashes nothing.
    let hashLimitNs: Double?
    let ratioToLimit: Double?
    /// 1 in files of versions that had no rounds.
    let round: Int

    static func all(_ path: String) throws(RecordedError) -> [RecordedSigning] {
        let table = try RecordedTable(path: path, columns: Array(SigningRow.columns.prefix(9)))
        var rows: [RecordedSigning] = []
        while try table.advance() {
            rows.append(
                RecordedSigning(
                    operation: try table.name(), threads: try table.count(from: 1),
                    signs: try table.count(), wallSeconds: try table.decimal(),
                    cpuSeconds: try table.decimal(), signsPerSecond: try table.decimal(),
                    cpuNsPerSign: try table.decimal(), hashLimitNs: try table.optionalDecimal(),
                    ratioToLimit: try table.optionalDecimal(),
                    round: table.move(to: "round") ? try table.count(from: 1) : 1))
        }
        return rows
    }
}
