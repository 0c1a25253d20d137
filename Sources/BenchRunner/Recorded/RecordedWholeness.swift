/// What a file that ends at the end of a line does not show by itself: that rows are missing.
extension RecordedRun {
    /// Holds `summary.csv` and `histograms.csv` against each other: a cell that succeeded is in both. Only
    /// a run that was killed may have a cell in `histograms.csv` that was not summed up.
    ///
    /// - Throws: an error that names the file that is too short, at its last line.
    func checkWholeness() throws(RecordedError) {
        guard has("histograms.csv"), has("summary.csv") else { return }
        let table = try table("histograms.csv", Columns.histograms)
        var timed: Set<RoundKey> = []
        var lastLine = 1
        while try table.advance() {
            lastLine = table.line
            let key = RoundKey(
                scenario: try table.name(), sizeBytes: try table.optionalInteger(),
                round: try table.count(from: 1))
            guard try table.name() == Metric.response.rawValue else { continue }
            timed.insert(key)
        }
        let summed = cells.filter { $0.uploads > 0 }
        let known = Set(cells.map(\.roundKey))
        if !record.isOpenEnded,
            let missing = timed.subtracting(known).min(by: { $0.text < $1.text })
        {
            throw RecordedError(
                path: file("summary.csv"), line: cells.last?.line ?? 1, column: "round",
                reason: "the file ends without \(missing.text), which histograms.csv has: truncated"
            )
        }
        if let missing = summed.first(where: { !timed.contains($0.roundKey) }) {
            throw RecordedError(
                path: file("histograms.csv"), line: lastLine, column: "round",
                reason: "the file ends without \(missing.roundKey.text), which summary.csv has:"
                    + " truncated")
        }
    }
}

extension RoundKey {
    var text: String {
        "round \(round) of \(scenario) \(sizeBytes.map { "\($0) bytes" } ?? "files")"
    }
}
