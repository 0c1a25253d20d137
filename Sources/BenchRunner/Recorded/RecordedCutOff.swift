/// What of a run is not whole: the cell that was under way when it ended.
///
/// A cell's row in `summary.csv` is written when all else of it is on the disk. Rows of other cells, which
/// only a run can have that was killed or still goes on, are of a cell that is not finished: readers leave
/// them out, and say so.
struct FinishedCells {
    private let keys: Set<RoundKey>
    /// Strategies whose files differ in size: `samples.csv` has each upload's own.
    private let mixed: Set<String>
    private let areAll: Bool

    init(_ run: RecordedRun) {
        keys = Set(run.cells.map(\.roundKey))
        mixed = Set(run.cells.filter { $0.sizeBytes == nil }.map(\.scenario))
        areAll = !run.record.isOpenEnded
    }

    /// Does a row of this cell count?
    func contains(_ key: RoundKey) -> Bool { areAll || keys.contains(key) }

    /// - Parameter sizeBytes: the upload's own.
    func contains(_ scenario: String, _ sizeBytes: Int64, _ round: Int) -> Bool {
        guard !areAll else { return true }
        let size = mixed.contains(scenario) ? nil : sizeBytes
        return keys.contains(RoundKey(scenario: scenario, sizeBytes: size, round: round))
    }
}

extension RecordedRun {
    /// Sentences about cells that were cut off; none of a complete run.
    func cutOffCells() throws(RecordedError) -> [String] {
        guard !record.isComplete else { return [] }
        let marked = cells.filter(\.isCutOff).map {
            "\($0.roundKey.text) was cut off: it was measured for less than its time"
        }
        guard record.isOpenEnded, has("timeline.csv") else { return marked }
        return try marked + openCells()
    }

    /// Says on standard error what a reader of figures from a partial run must know.
    func tellWhatIsMissing() throws(RecordedError) {
        guard !record.isComplete else { return }
        let cells = try cutOffCells()
        Terminal.writeError(
            "uploadbench: note: \(path) is partial: cells that were still to come are missing"
                + cells.map { "; " + $0 }.joined())
    }

    private func openCells() throws(RecordedError) -> [String] {
        let finished = FinishedCells(self)
        var open: [(key: RoundKey, seconds: Int, uploads: Int, errors: Int)] = []
        let table = try table("timeline.csv", Columns.timeline)
        while try table.advance() {
            let key = try roundKey(table)
            guard !finished.contains(key) else { continue }
            let (second, uploads) = (try table.count(), try table.count())
            if open.last?.key != key { open.append((key, 0, 0, 0)) }
            open[open.count - 1].seconds = second + 1
            open[open.count - 1].uploads += uploads
            open[open.count - 1].errors += try table.count()
        }
        return open.map {
            "\($0.key.text) was cut off, or still runs, after \($0.seconds) s with \($0.uploads) uploads and"
                + " \($0.errors) errors, and is left out"
        }
    }
}
