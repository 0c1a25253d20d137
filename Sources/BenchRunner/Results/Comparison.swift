import Foundation
import Measure

/// What a run's reader compares: a row per strategy, in blocks of one size.
struct Comparison {
    let blocks: [(sizeBytes: Int64?, rows: [ComparisonRow])]

    init(_ results: [CellResult]) {
        let groups = Dictionary(grouping: results) { Key($0.cell.scenario, $0.cell.sizeBytes) }
        self.init(rows: groups.values.compactMap { ComparisonRow($0) })
    }

    /// - Parameter rows: in any order, one per strategy and size.
    init(rows: [ComparisonRow]) {
        let bySize = Dictionary(grouping: rows, by: \.sizeBytes)
        blocks = bySize.sorted { ($0.key ?? -1) < ($1.key ?? -1) }.map { size, rows in
            (size, Strategy.allCases.flatMap { name in rows.filter { $0.scenario == name } })
        }
    }

    private struct Key: Hashable {
        let scenario: Strategy
        let sizeBytes: Int64?

        init(_ scenario: Strategy, _ sizeBytes: Int64?) {
            self.scenario = scenario
            self.sizeBytes = sizeBytes
        }
    }

    var rows: [ComparisonRow] { blocks.flatMap(\.rows) }
}

/// One column of the comparison: what it shows, and which way is better.
struct ComparisonColumn: Sendable {
    enum Better: Sendable { case higher, lower }

    let title: String
    /// nil: no value of this column is better than another.
    let better: Better?
    let value: @Sendable (ComparisonRow) -> Double?
    let render: @Sendable (Double) -> String

    static let all: [ComparisonColumn] = [
        ComparisonColumn(title: "uploads", better: nil) {
            Double($0.uploads)
        } render: {
            String(Int($0))
        },
        ComparisonColumn(title: "errors", better: nil) {
            Double($0.errors)
        } render: {
            String(Int($0))
        },
        ComparisonColumn(title: "overflow", better: nil) {
            $0.load.isOpen ? Double($0.load.overflow) : nil
        } render: {
            String(Int($0))
        },
        ComparisonColumn(title: "offered/s", better: nil, value: \.load.offeredPerSecond) {
            Readable.number($0)
        },
        ComparisonColumn(title: "uploads/s", better: .higher, value: \.achievedPerSecond) {
            Readable.number($0)
        },
        ComparisonColumn(title: "MiB/s", better: .higher) {
            $0.goodputBytesPerSecond.map { $0 / 1_048_576 }
        } render: {
            Readable.number($0)
        },
        latency("p50") { $0.responseUs(50) },
        latency("p95") { $0.responseUs(95) },
        latency("p99") { $0.responseUs(99) },
        latency("authorize") { $0.medianUs(.authorize) },
        latency("upload") { $0.medianUs(.upload) },
        latency("notify") { $0.medianUs(.notify) },
        ComparisonColumn(title: "lag p99", better: nil, value: \.lagP99Us) {
            Readable.microseconds($0)
        },
        ComparisonColumn(title: "requests", better: nil, value: \.requestsPerUpload) {
            Readable.number($0)
        },
        ComparisonColumn(title: "wire bytes", better: .lower, value: \.wireBytesPerUpload) {
            Readable.bytes(Int64($0))
        },
        ComparisonColumn(title: "CPU/upload", better: .lower, value: \.clientCPUUsPerUpload) {
            Readable.microseconds($0)
        },
        ComparisonColumn(title: "gateway CPU", better: .lower, value: \.gatewayCPUUsPerUpload) {
            Readable.microseconds($0)
        },
        ComparisonColumn(title: "gateway peak", better: .lower) {
            $0.gatewayPeakBytes.map(Double.init)
        } render: {
            Readable.bytes(Int64($0))
        },
        ComparisonColumn(title: "USD/million", better: .lower, value: \.costPerMillionDollars) {
            Readable.number($0)
        },
    ]

    private static func latency(
        _ title: String, _ value: @escaping @Sendable (ComparisonRow) -> Double?
    ) -> ComparisonColumn {
        ComparisonColumn(
            title: title, better: .lower, value: value, render: { Readable.microseconds($0) })
    }

    /// The rows of a block whose value is best; empty when nothing is compared.
    func best(of rows: [ComparisonRow]) -> Set<Strategy> {
        guard let better, rows.count > 1 else { return [] }
        let shown = rows.filter { !$0.isRefused }.compactMap { row in
            value(row).map { (row.scenario, $0) }
        }
        guard let best = better == .higher ? shown.map(\.1).max() : shown.map(\.1).min() else {
            return []
        }
        // Values that read the same are equally good.
        let text = render(best)
        let winners = shown.filter { render($0.1) == text }.map(\.0)
        return winners.count < shown.count ? Set(winners) : []
    }
}

/// Numbers for people: three or four digits that matter and a unit.
enum Readable {
    static func number(_ value: Double) -> String {
        let places = value >= 100 ? 0 : value >= 10 ? 1 : 2
        return String(format: "%.\(places)f", value)
    }

    static func microseconds(_ value: Double) -> String {
        if value < 1000 { return number(value) + " µs" }
        return value < 1_000_000 ? number(value / 1000) + " ms" : number(value / 1_000_000) + " s"
    }

    static func bytes(_ value: Int64) -> String {
        let units = [("GiB", Int64(1) << 30), ("MiB", Int64(1) << 20), ("KiB", Int64(1) << 10)]
        for (unit, size) in units where value >= size {
            let amount = Double(value) / Double(size)
            return (amount == amount.rounded() ? String(Int(amount)) : number(amount)) + " " + unit
        }
        return "\(value) B"
    }
}
