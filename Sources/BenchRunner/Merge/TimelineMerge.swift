import Measure

/// `timeline.csv` of many shards, added up second by second. A second's percentiles stay empty: the
/// files have no histogram of a second, and percentiles cannot be added.
struct TimelineMerge {
    private struct Second: Hashable {
        let key: SummaryMerge.Key
        let second: Int
    }

    private struct Counts {
        var uploads = 0
        var errors = 0
        var bytes: Int64 = 0
        var inFlight = 0
        var overflow: Int?
    }

    private var counts: [Second: Counts] = [:]
    private var lengths: [SummaryMerge.Key: Int] = [:]

    mutating func add(file path: String) throws(RecordedError) {
        let table = try RecordedTable(path: path, columns: Columns.timeline)
        while try table.advance() {
            let key = SummaryMerge.Key(
                scenario: try table.name(), sizeBytes: try table.optionalInteger(),
                round: try table.count(from: 1))
            let second = Second(key: key, second: try table.count())
            guard second.second < 1_000_000 else { throw table.fault("is no second of a cell") }
            var sum = counts[second] ?? Counts()
            sum.uploads += try table.count()
            sum.errors += try table.count()
            sum.bytes += try table.integer()
            _ = (try table.optionalDecimal(), try table.optionalDecimal())
            sum.inFlight += try table.count()
            if table.move(to: "overflow"), let overflow = try table.optionalInteger() {
                sum.overflow = (sum.overflow ?? 0) + Int(overflow)
            }
            counts[second] = sum
            lengths[key] = max(lengths[key] ?? 0, second.second + 1)
        }
    }

    func encoded(_ order: [SummaryMerge.Key]) -> [UInt8] {
        var rows = CSVEncoder()
        (Columns.timeline + Columns.appendedToTimeline).forEach { rows.field($0) }
        rows.endRow()
        for key in order {
            for index in 0..<(lengths[key] ?? 0) {
                let sum = counts[Second(key: key, second: index)] ?? Counts()
                rows.field(key.scenario)
                rows.field(key.sizeBytes)
                rows.field(key.round)
                rows.field(index)
                rows.field(sum.uploads)
                rows.field(sum.errors)
                rows.field(sum.bytes)
                rows.field(nil as Int64?)
                rows.field(nil as Int64?)
                rows.field(sum.inFlight)
                rows.field(sum.overflow)
                rows.endRow()
            }
        }
        return rows.bytes
    }
}
