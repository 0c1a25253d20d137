import Foundation
import Presign
import Scenarios

/// `guard.csv`, read back.
enum RecordedGuard {
    static let fileName = "guard.csv"

    static func isThere(_ folder: String) -> Bool {
        FileManager.default.fileExists(atPath: folder + "/" + fileName)
    }

    /// Strategies in the file's order.
    static func report(
        _ folder: String, _ record: RecordedRecord
    ) throws(RecordedError) -> GuardReport {
        let rows = try all(folder + "/" + fileName)
        let strategies = rows.map(\.scenario)
        let cases = Set(rows.map(\.guardCase))
        let left = (record.json["left_behind"]?.array ?? []).compactMap(\.string)
        return GuardReport(
            rows: rows, leftBehind: left, isComplete: record.isComplete,
            strategies: strategies.enumerated().filter { strategies.firstIndex(of: $1) == $0 }
                .map(\.element),
            cases: GuardCase.allCases.filter { cases.contains($0) },
            target: record.json["target"]?["store"]?.string ?? "")
    }

    static func all(_ path: String) throws(RecordedError) -> [GuardRow] {
        let table = try RecordedTable(path: path, columns: Columns.guardRails)
        var rows: [GuardRow] = []
        while try table.advance() {
            guard let strategy = Strategy(rawValue: try table.name()) else {
                throw table.fault("is no strategy that this version knows")
            }
            guard let guardCase = GuardCase(rawValue: try table.name()) else {
                throw table.fault("is no case that this version knows")
            }
            guard let outcome = GuardOutcome(rawValue: try table.name()) else {
                throw table.fault("is no outcome that this version knows")
            }
            var row = GuardRow(strategy, guardCase, outcome)
            row.refusedBy = try table.text()
            row.httpStatus = try table.optionalInteger().map { Int($0) }
            row.errorCode = try table.text()
            row.bytesSent = try table.optionalInteger()
            row.storedKey = try table.text()
            // What closes a hole follows from the cell.
            _ = try table.text()
            row.fileBytes = try table.optionalInteger()
            row.uploadsLeft = try table.text().contains(GuardRow.leftUpload) ? 1 : 0
            row.note = try table.text()
            rows.append(row)
        }
        return rows
    }
}
