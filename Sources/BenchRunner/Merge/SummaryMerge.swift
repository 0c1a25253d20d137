import Measure

/// How the rows of one cell in many shards' `summary.csv` become one row.
enum SummaryRule {
    /// The same in all shards.
    case key
    case sum(places: Int)
    case least
    case largest
    /// The mean, each shard's weight being its uploads, or its uploads and errors.
    case meanOverUploads(places: Int)
    case meanOverAll(places: Int)
    /// Of the added histograms: percentiles are never averaged.
    case percentile(Metric, Double)
    case minimum, maximum
    /// The stretch of time that all shards have in common.
    case window
    /// Nothing true can be said.
    case empty

    /// By the names of `Columns.summary` and what was appended to it.
    static func of(_ column: String) -> SummaryRule {
        switch column {
        case "scenario", "size_bytes", "link", "model", "round": .key
        case "uploads", "errors", "overflow", "concurrency", "goodput_bytes_per_s": .sum(places: 0)
        case "rate_per_s", "achieved_per_s": .sum(places: 3)
        case "response_mean_us": .meanOverUploads(places: 1)
        case "wire_bytes_per_upload", "client_cpu_us_per_upload", "gateway_cpu_us_per_upload":
            .meanOverAll(places: 1)
        case "requests_per_upload", "lambda_invocations_per_upload", "lambda_billed_ms_per_upload":
            .meanOverAll(places: 3)
        case "cost_usd_per_million": .meanOverAll(places: 4)
        case "response_min_us": .minimum
        case "response_max_us": .maximum
        case "schedule_lag_p99_us": .percentile(.scheduleLag, 99)
        case "gateway_peak_bytes", "generator_limited", "client_busy_share", "cut_off": .largest
        case "start_unix_us": .least
        case "window_us": .window
        default: percentile(column)
        }
    }

    /// `response_p999_us` is the 99.9th percentile of `response`.
    private static func percentile(_ column: String) -> SummaryRule {
        let words = column.split(separator: "_")
        guard words.count == 3, words[2] == "us", words[1].first == "p",
            let metric = Metric(rawValue: String(words[0])), let digits = Int(words[1].dropFirst())
        else { return .empty }
        return .percentile(metric, digits == 999 ? 99.9 : Double(digits))
    }
}

/// A cell's rows of `summary.csv`, added up shard by shard.
struct SummaryMerge {
    /// The fields that name the cell, as text: scenario, size, round.
    struct Key: Hashable {
        let scenario: String
        let sizeBytes: Int64?
        let round: Int

        /// The prefix of the cell's rows in `histograms.csv`.
        func prefix(_ metric: Metric) -> HistogramMerge.Prefix {
            var row = CSVEncoder()
            row.field(scenario)
            row.field(sizeBytes)
            row.field(round)
            row.field(metric.rawValue)
            return row.take()
        }
    }

    struct Cell {
        var texts: [Int: String] = [:]
        var sums: [Int: Double] = [:]
        var weights: [Int: Double] = [:]
        var shards = 0
        var uploads = 0
        var errors = 0
        /// When the shards' windows were, in µs of Unix time.
        var windows = WindowOverlap()
    }

    private(set) var order: [Key] = []
    private(set) var cells: [Key: Cell] = [:]
    let columns = Columns.summary + Columns.appendedToSummary
    private let rules: [SummaryRule]

    init() { rules = columns.map(SummaryRule.of) }

    /// Adds a shard's file; its own uploads by cell.
    mutating func add(file path: String, shard: Int) throws(RecordedError) -> [Key: Int] {
        var uploads: [Key: Int] = [:]
        let table = try RecordedTable(path: path, columns: Columns.summary)
        while try table.advance() {
            let row = try values(table)
            let key = try key(row, table)
            guard uploads[key] == nil else {
                throw RecordedError(
                    path: path, line: table.line, reason: "the cell stands here twice")
            }
            uploads[key] = Int(row["uploads"]?.number ?? 0)
            if cells[key] == nil { order.append(key) }
            try add(row, to: key, shard, table)
        }
        return uploads
    }

    private struct Field {
        let text: String
        let number: Double?
    }

    private func values(_ table: RecordedTable) throws(RecordedError) -> [String: Field] {
        var row: [String: Field] = [:]
        for (column, rule) in zip(columns, rules) where table.move(to: column) {
            if case .key = rule {
                row[column] = Field(text: try table.text(), number: nil)
            } else {
                let largest = column == "start_unix_us" ? 1e16 : RecordedTable.largestDecimal
                row[column] = Field(text: "", number: try table.optionalDecimal(upTo: largest))
            }
        }
        return row
    }

    private func key(
        _ row: [String: Field], _ table: RecordedTable
    ) throws(RecordedError) -> Key {
        let size = row["size_bytes"]?.text ?? ""
        guard let round = Int(row["round"]?.text ?? ""), round > 0,
            let scenario = row["scenario"]?.text, !scenario.isEmpty,
            size.isEmpty || Int64(size) != nil
        else {
            throw RecordedError(
                path: table.path, line: table.line, reason: "scenario, size or round makes no sense"
            )
        }
        return Key(scenario: scenario, sizeBytes: Int64(size), round: round)
    }

    private mutating func add(
        _ row: [String: Field], to key: Key, _ shard: Int, _ table: RecordedTable
    ) throws(RecordedError) {
        var cell = cells[key] ?? Cell()
        cell.shards += 1
        let uploads = row["uploads"]?.number ?? 0
        let all = uploads + (row["errors"]?.number ?? 0)
        cell.uploads += Int(uploads)
        cell.errors += Int(all - uploads)
        if let start = row["start_unix_us"]?.number, let window = row["window_us"]?.number {
            cell.windows.add(shard: shard, from: start, until: start + window)
        }
        for (index, (column, rule)) in zip(columns, rules).enumerated() {
            guard let field = row[column] else { continue }
            if case .key = rule {
                guard cell.texts[index] ?? field.text == field.text else {
                    throw RecordedError(
                        path: table.path, line: table.line, column: column,
                        reason:
                            "is '\(field.text)' where the shards before have '\(cell.texts[index] ?? "")'"
                    )
                }
                cell.texts[index] = field.text
            } else if let number = field.number {
                cell.add(number, index, rule, uploads: uploads, all: all)
            }
        }
        cells[key] = cell
    }

    /// The merged file.
    ///
    /// - Parameter distribution: the added histogram of a cell's metric.
    func encoded(_ distribution: (Key, Metric) -> BucketCounts) -> [UInt8] {
        var rows = CSVEncoder()
        columns.forEach { rows.field($0) }
        rows.endRow()
        for key in order {
            guard let cell = cells[key] else { continue }
            for (index, rule) in rules.enumerated() {
                cell.encode(index, rule, &rows) { distribution(key, $0) }
            }
            rows.endRow()
        }
        return rows.bytes
    }
}

extension SummaryMerge.Cell {
    fileprivate mutating func add(
        _ number: Double, _ index: Int, _ rule: SummaryRule, uploads: Double, all: Double
    ) {
        switch rule {
        case .sum: sums[index, default: 0] += number
        case .least: sums[index] = min(sums[index] ?? number, number)
        case .largest: sums[index] = max(sums[index] ?? number, number)
        case .meanOverUploads: addWeighted(number, index, weight: uploads)
        case .meanOverAll: addWeighted(number, index, weight: all)
        case .key, .percentile, .minimum, .maximum, .window, .empty: break
        }
    }

    private mutating func addWeighted(_ number: Double, _ index: Int, weight: Double) {
        guard weight > 0 else { return }
        sums[index, default: 0] += number * weight
        weights[index, default: 0] += weight
    }

    fileprivate func encode(
        _ index: Int, _ rule: SummaryRule, _ row: inout CSVEncoder,
        _ distribution: (Metric) -> BucketCounts
    ) {
        switch rule {
        case .key: row.field(texts[index] ?? "")
        case .sum(let places): row.field(sums[index], places: places)
        case .least: row.field(sums[index], places: 0)
        case .largest:
            row.field(sums[index], places: sums[index].map { $0 == $0.rounded() ? 0 : 3 } ?? 0)
        case .meanOverUploads(let places), .meanOverAll(let places):
            row.field(
                weights[index].flatMap { weight in sums[index].map { $0 / weight } }, places: places
            )
        case .percentile(let metric, let percentile):
            row.field(distribution(metric).valueUs(atPercentile: percentile))
        case .minimum: row.field(distribution(.response).buckets.first?.lowestUs)
        case .maximum: row.field(distribution(.response).buckets.last?.highestUs)
        case .window: row.field(windows.common.map { Double($0.length) }, places: 0)
        case .empty: row.field(nil as Int64?)
        }
    }
}
