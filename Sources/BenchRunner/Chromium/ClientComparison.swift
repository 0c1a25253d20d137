import Measure

/// What a real browser did beside what `--client browser` says it does, and what the native client needed:
/// per strategy and size, over all rounds.
struct ClientComparison {
    struct Side {
        let uploads: Int
        let errors: Int
        let requestsPerUpload: Double?
        let responseP50Us: Int64?

        init(_ results: [CellResult]) {
            var merged = CellMeasurements()
            results.forEach { merged.merge($0.measurements) }
            uploads = merged.uploads
            errors = merged.errors
            let all = merged.uploads + merged.errors
            requestsPerUpload = all > 0 ? Double(merged.requests) / Double(all) : nil
            responseP50Us = merged[.response].valueUs(atPercentile: 50)
        }
    }

    struct Row {
        let scenario: Strategy
        let sizeBytes: Int64?
        let native: Side
        let modelled: Side
        let real: Side
        /// As Chromium sent them.
        let realPreflights: Double?
        /// There to show a refusal: nothing to compare.
        let isRefused: Bool

        /// The model adds nothing but preflights to what the native client sends. Unknown where uploads
        /// failed, which may end a sequence early.
        var modelledPreflights: Double? {
            guard native.errors + modelled.errors == 0, let with = modelled.requestsPerUpload,
                let without = native.requestsPerUpload
            else { return nil }
            return with - without
        }

        /// Real to modelled.
        var responseRatio: Double? {
            guard let real = real.responseP50Us, let modelled = modelled.responseP50Us,
                modelled > 0
            else { return nil }
            return Double(real) / Double(modelled)
        }
    }

    let rows: [Row]

    init(
        native: [CellResult], modelled: [CellResult], real: [CellResult],
        preflights: [ClientCell: Int]
    ) {
        let of = { (results: [CellResult], cell: ClientCell) in
            results.filter { ClientCell($0.cell) == cell }
        }
        let order = { (cell: ClientCell) in
            (cell.sizeBytes ?? -1, Strategy.allCases.firstIndex(of: cell.scenario) ?? 0)
        }
        let cells = Set(real.map { ClientCell($0.cell) }).sorted { order($0) < order($1) }
        rows = cells.map { cell in
            let found = of(real, cell)
            let side = Side(found)
            let all = side.uploads + side.errors
            return Row(
                scenario: cell.scenario, sizeBytes: cell.sizeBytes, native: Side(of(native, cell)),
                modelled: Side(of(modelled, cell)), real: side,
                realPreflights: all > 0 ? Double(preflights[cell] ?? 0) / Double(all) : nil,
                isRefused: found.contains(where: \.isBeyondLimit))
        }
    }

    // MARK: Files and text

    private static let columns = [
        "scenario", "size_bytes", "uploads", "errors", "requests_native", "requests_modelled",
        "requests_real", "preflights_modelled", "preflights_real", "response_p50_native_us",
        "response_p50_modelled_us", "response_p50_real_us", "response_ratio",
    ]

    /// `clients.csv`.
    var csv: [UInt8] {
        var encoder = CSVEncoder()
        Self.columns.forEach { encoder.field($0) }
        encoder.endRow()
        for row in rows {
            encoder.field(row.scenario.rawValue)
            encoder.field(row.sizeBytes)
            encoder.field(row.real.uploads)
            encoder.field(row.real.errors)
            for side in [row.native, row.modelled, row.real] {
                encoder.field(side.requestsPerUpload, places: 3)
            }
            encoder.field(row.modelledPreflights, places: 3)
            encoder.field(row.realPreflights, places: 3)
            for side in [row.native, row.modelled, row.real] { encoder.field(side.responseP50Us) }
            encoder.field(row.responseRatio, places: 3)
            encoder.endRow()
        }
        return encoder.bytes
    }

    /// A table for people: modelled, real, and the difference.
    var lines: [String] {
        let titles = [
            "", "requests", "preflights", "median, modelled", "real", "difference", "native",
        ]
        let texts = rows.filter { !$0.isRefused }.map(Self.texts)
        let widths = titles.indices.map { column in
            ([titles] + texts).map { $0[column].count }.max() ?? 0
        }
        return ([titles] + texts).map { fields in
            zip(fields, widths).enumerated().map { column, pair in
                let blanks = String(repeating: " ", count: max(0, pair.1 - pair.0.count))
                return column == 0 ? pair.0 + blanks : blanks + pair.0
            }.joined(separator: "  ")
        }
    }

    /// Sums of counts over the same number of uploads: only their rounding may differ.
    private static func isSame(_ modelled: Double?, _ real: Double?) -> Bool {
        guard let modelled, let real else { return modelled == nil && real == nil }
        return abs(modelled - real) < 1e-6
    }

    private static func texts(_ row: Row) -> [String] {
        let count = { (value: Double?) in
            value.map { $0 == $0.rounded() ? "\(Int($0))" : Readable.number($0) } ?? "–"
        }
        // One number where the model is right, both where it is not.
        let both = { (modelled: Double?, real: Double?) in
            isSame(modelled, real)
                ? count(real) : "\(count(modelled)) modelled, \(count(real)) real"
        }
        let time = { (us: Int64?) in us.map { Readable.microseconds(Double($0)) } ?? "–" }
        let size = row.sizeBytes.map { " " + Readable.bytes($0) } ?? ""
        let percent = row.responseRatio.map { 100 * ($0 - 1) }
        return [
            row.scenario.rawValue + size,
            both(row.modelled.requestsPerUpload, row.real.requestsPerUpload),
            both(row.modelledPreflights, row.realPreflights),
            time(row.modelled.responseP50Us), time(row.real.responseP50Us),
            percent.map { ($0 < 0 ? "-" : "+") + Readable.number(abs($0)) + "%" } ?? "–",
            time(row.native.responseP50Us),
        ]
    }
}
