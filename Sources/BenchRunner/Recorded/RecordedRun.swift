import Foundation

/// A results directory, read back. Small files are read at once and checked; the large ones
/// (`samples.csv`, `histograms.csv`, `timeline.csv`) when they are asked for.
struct RecordedRun {
    let path: String
    let record: RecordedRecord
    /// The rows of `summary.csv`; none in the results of `sign`.
    let cells: [RecordedCell]
    /// The rows of `signing.csv`; none in the results of `run`.
    let signing: [RecordedSigning]

    /// - Throws: a `RecordedError` that names file, line and column of what is wrong.
    init(_ path: String) throws(RecordedError) {
        self.path = path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .absent(path, "there is no such results directory")
        }
        guard isFolder.boolValue else {
            throw .absent(path, "is not a results directory (a folder with run.json)")
        }
        record = try RecordedRecord(path: path + "/run.json")
        let hasSummary = Self.exists(path + "/summary.csv")
        let hasSigning = Self.exists(path + "/signing.csv")
        guard hasSummary || hasSigning || Self.exists(path + "/capacity.csv") else {
            throw .absent(path, "has neither summary.csv nor signing.csv nor capacity.csv")
        }
        cells =
            hasSummary
            ? try RecordedCell.all(
                path + "/summary.csv", toleratesTornEnd: record.isOpenEnded) : []
        signing = hasSigning ? try RecordedSigning.all(path + "/signing.csv") : []
    }

    /// Those that had all of their time.
    var wholeCells: [RecordedCell] { cells.filter { !$0.isCutOff } }

    /// A file of this run, and its rows of which cells count.
    func table(_ name: String, _ columns: [String]) throws(RecordedError) -> RecordedTable {
        try RecordedTable(
            path: file(name), columns: columns, toleratesTornEnd: record.isOpenEnded)
    }

    func file(_ name: String) -> String { path + "/" + name }
    func has(_ name: String) -> Bool { Self.exists(file(name)) }

    private static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }
}
