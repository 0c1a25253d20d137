import Foundation
import Measure
import Presign

/// Takes the rows of cells that are not finished from the ends of a directory's files.
///
/// Such rows are always the last ones, as one cell follows the other. So each file is only shortened, in
/// one step: whatever ends the process meanwhile, and however full the disk is, no row of a finished
/// cell is touched.
struct ResultsTrim {
    let run: RecordedRun
    /// When the last upload of a finished cell ended, in µs since the run's start.
    private(set) var lastEndedUs: Int64 = 0

    init(_ run: RecordedRun) { self.run = run }

    /// What a run that goes on appends to, with all the columns of its rows.
    static let columns = [
        "summary.csv": Columns.summary + Columns.appendedToSummary,
        "histograms.csv": Columns.histograms,
        "timeline.csv": Columns.timeline + Columns.appendedToTimeline,
        "samples.csv": Columns.samples + Columns.appendedToSamples,
    ]

    /// - Throws: for a file that is not there, or whose rows have other columns: those that follow would
    ///   be longer than its header.
    static func check(_ run: RecordedRun) throws(RecordedError) {
        for name in columns.keys.sorted() { _ = try table(name, of: run) }
    }

    private static func table(
        _ name: String, of run: RecordedRun
    ) throws(RecordedError) -> RecordedTable {
        let columns = columns[name] ?? []
        let table: RecordedTable
        do throws(RecordedError) {
            table = try RecordedTable(
                path: run.file(name), columns: columns, toleratesTornEnd: true)
        } catch {
            var error = error
            // Something is there to resume, but it is damaged.
            error.isAbsence = false
            throw error
        }
        guard table.header.count == columns.count else {
            throw RecordedError(
                path: run.file(name), line: 1, column: table.header.last,
                reason: "is no column of this version: the run cannot be resumed")
        }
        return table
    }

    /// `summary.csv` first: what it does not name, readers leave out.
    mutating func trim() throws(CommandError) {
        let finished = Set(run.wholeCells.map(\.roundKey))
        let mixed = Set(run.cells.filter { $0.sizeBytes == nil }.map(\.scenario))
        let isFiles = run.isFiles
        let isMixed = { (key: RoundKey) in mixed.contains(key.scenario) || isFiles }
        do throws(RecordedError) {
            for name in ["summary.csv", "histograms.csv", "timeline.csv"] {
                try shorten(name) { key, _ in finished.contains(key) }
            }
            var last: Int64 = 0
            try shorten("samples.csv") { key, table throws(RecordedError) in
                let size = isMixed(key) ? nil : key.sizeBytes
                let row = RoundKey(scenario: key.scenario, sizeBytes: size, round: key.round)
                guard finished.contains(row) else { return false }
                if table.move(to: "ended_us") {
                    last = max(last, try table.optionalInteger(from: .min) ?? 0)
                }
                return true
            }
            lastEndedUs = last
        } catch {
            throw error.commandError
        }
        try endLines(KeyJournal.fileName)
    }

    /// Shortens a file to the rows of finished cells.
    private func shorten(
        _ name: String, isKept: (RoundKey, RecordedTable) throws(RecordedError) -> Bool
    ) throws(RecordedError) {
        guard run.has(name) else { return }
        let table = try Self.table(name, of: run)
        var end = table.offset
        var strange: Int?
        while try table.advance() {
            guard try isKept(try key(table, name), table) else {
                strange = strange ?? table.line
                continue
            }
            if let strange {
                throw RecordedError(
                    path: run.file(name), line: strange,
                    reason:
                        "is of a cell that is not finished, and rows of a finished one follow it:"
                        + " the file was edited")
            }
            end = table.offset
        }
        try cut(name, to: end)
    }

    private func key(_ table: RecordedTable, _ name: String) throws(RecordedError) -> RoundKey {
        guard name == "summary.csv" else { return try run.roundKey(table) }
        let scenario = try table.name()
        let size = try table.optionalInteger()
        guard table.move(to: "round") else { throw table.fault("has no round") }
        return RoundKey(scenario: scenario, sizeBytes: size, round: try table.count(from: 1))
    }

    private func cut(_ name: String, to bytes: Int) throws(RecordedError) {
        guard truncate(run.file(name), off_t(bytes)) == 0 else {
            throw RecordedError(
                ResultsError(path: run.file(name), operation: "shorten", code: errno))
        }
    }

    /// Takes a last line away that has no end.
    private func endLines(_ name: String) throws(CommandError) {
        guard (try? RecordedFile(run.file(name))) != nil,
            let data = try? Data(
                contentsOf: URL(fileURLWithPath: run.file(name)), options: .alwaysMapped)
        else { return }
        let end = data.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        guard end > 0, end < data.count else { return }
        do throws(RecordedError) {
            try cut(name, to: end)
        } catch {
            throw error.commandError
        }
    }
}

extension RecordedRun {
    /// Does it upload files of any size, so that its cells have none?
    fileprivate var isFiles: Bool { record.plan["files"] != nil }
}
