import Foundation
import Measure

/// `capacity --plan 2000/s --from DIR`: plans from what was measured before.
enum PlanningCommand {
    static func run(
        _ demand: CapacityPlan.Demand, _ path: String, _ plan: RunPlan
    ) throws(CommandError) -> ExitCode {
        let loads = try loads(path, plan)
        guard !loads.isEmpty else {
            throw CommandError(
                exitCode: .nothingToCompare,
                message: "\(path) holds no measurement of an upload that succeeded")
        }
        let planning = Planning(demand: demand, loads: loads, threads: plan.threads)
        switch plan.tableFormat {
        case .json: Terminal.write(JSONText.render(["planning": planning.object]))
        case .table, .markdown: Terminal.write(planning.text)
        }
        return .success
    }

    private static func loads(
        _ path: String, _ plan: RunPlan
    ) throws(CommandError) -> [PlanningLoad] {
        let capacity = path + "/capacity.csv"
        if FileManager.default.fileExists(atPath: capacity) {
            return try fromCapacity(capacity, plan)
        }
        do throws(RecordedError) {
            return fromRun(try RecordedRun(path), plan)
        } catch {
            throw error.commandError
        }
    }

    /// One round of each strategy, size and load: rounds repeat one another.
    private static func fromRun(_ run: RecordedRun, _ plan: RunPlan) -> [PlanningLoad] {
        var seen: Set<CellKey> = []
        return run.cells.filter { $0.uploads > 0 && seen.insert($0.key).inserted }.map {
            PlanningLoad(
                $0, partBytes: plan.client.partBytes,
                source: "\(run.path)/summary.csv line \($0.line)")
        }
    }

    private static func fromCapacity(
        _ path: String, _ plan: RunPlan
    ) throws(CommandError) -> [PlanningLoad] {
        let rows = try CapacityRows.read(path)
        var keys: [[String]] = []
        for row in rows {
            let key = [row["scenario"] ?? "", row["size_bytes"] ?? ""]
            if !keys.contains(key) { keys.append(key) }
        }
        return keys.map { key in
            PlanningLoad(
                rows.filter { $0["scenario"] == key[0] && $0["size_bytes"] == key[1] },
                (key[0], Int64(key[1])), partBytes: plan.client.partBytes, source: path)
        }.filter { $0.responseMeanSeconds != nil }
    }
}

/// The rows of a `capacity.csv` by its columns' names.
enum CapacityRows {
    static func read(_ path: String) throws(CommandError) -> [[String: String]] {
        let bytes: [UInt8]
        do throws(InputFile.Failure) {
            bytes = try InputFile.read(path, isRegular: true)
        } catch {
            throw CommandError(
                exitCode: .nothingToCompare, message: "\(path) \(error.reason)")
        }
        do throws(CSVError) {
            let table = try CSVDecoder(bytes)
            guard table.header.starts(with: CapacityFile.columns) else {
                throw CSVError(line: 1, reason: "these are not the columns of a capacity.csv")
            }
            for (index, fields) in table.rows.enumerated() {
                for (column, text) in zip(table.header, fields) {
                    guard let number = Double(text) else { continue }
                    guard number.magnitude <= RecordedTable.largestDecimal else {
                        throw CSVError(
                            line: index + 2, column: column, reason: "is more than any run has")
                    }
                }
            }
            return table.rows.map { fields in
                Dictionary(zip(table.header, fields)) { first, _ in first }
            }
        } catch {
            throw RecordedError(path: path, error).commandError
        }
    }
}
