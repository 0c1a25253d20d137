import Foundation
import Measure
import Scenarios

/// A table that somebody has accepted: `--expect FILE`.
struct GuardExpectations {
    let path: String
    private let rows: [[String: String]]
    private static let compared = ["outcome", "refused_by", "http_status", "error_code"]

    init(path: String) throws(CommandError) {
        self.path = path
        let bytes = try InputFile.read(path, for: "--expect")
        let table: CSVDecoder
        do throws(CSVError) {
            // Spreadsheets put a byte order mark before UTF-8.
            let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
            table = try CSVDecoder(bytes.starts(with: mark) ? Array(bytes.dropFirst(3)) : bytes)
        } catch {
            throw .usage("--expect: '\(path)': \(error)")
        }
        guard table.column("scenario") != nil, table.column("case") != nil else {
            throw .usage("--expect: '\(path)' has no columns scenario and case")
        }
        rows = table.rows.map { Dictionary(zip(table.header, $0)) { first, _ in first } }
        var seen: Set<String> = []
        for row in rows {
            let cell = "\(row["scenario"] ?? "") \(row["case"] ?? "")"
            guard seen.insert(cell).inserted else {
                throw .usage("--expect: '\(path)' has two rows of \(cell)")
            }
            _ = try Quantities.choice(row["scenario"] ?? "", "--expect", of: Strategy.names)
            _ = try Quantities.choice(row["case"] ?? "", "--expect", of: GuardCase.names)
        }
    }

    /// One line per cell that is not as expected. Cells that only one side has are not compared: a
    /// run of some cases is held to those.
    func differences(from found: [GuardRow]) -> [String] {
        let expected = Dictionary(rows.map { (name($0["scenario"], $0["case"]), $0) }) { $1 }
        return found.compactMap { row in
            let name = name(row.scenario.rawValue, row.guardCase.rawValue)
            guard let wanted = expected[name] else { return "\(name): not in \(path)" }
            let actual = [
                "outcome": row.outcome.rawValue, "refused_by": row.refusedBy,
                "http_status": row.httpStatus.map(String.init) ?? "", "error_code": row.errorCode,
            ]
            let different = Self.compared.filter { column in
                guard let text = wanted[column], text != "*" else { return false }
                return text != actual[column]
            }
            guard !different.isEmpty else { return nil }
            let text = { (row: [String: String]) in
                Self.compared.compactMap { row[$0] }.filter { !$0.isEmpty }.joined(separator: " ")
            }
            return "\(name): \(text(actual)), expected \(text(wanted))"
        }
    }

    private func name(_ scenario: String?, _ guardCase: String?) -> String {
        "\(scenario ?? "") \(guardCase ?? "")"
    }
}
