import Measure

/// What a reader must know of the load before believing the table.
enum LoadFindings {
    static func lines(_ comparison: Comparison) -> [String] {
        comparison.rows.filter { !$0.isRefused }.flatMap(lines)
    }

    private static func lines(_ row: ComparisonRow) -> [String] {
        let size = row.sizeBytes.map { " " + Readable.bytes($0) } ?? ""
        let name = row.scenario.rawValue + size
        var lines: [String] = []
        if row.uploads + row.errors + row.load.overflow == 0 {
            return [
                "no load: \(name): no upload fell into the measured time: a longer -d, or a higher rate"
            ]
        }
        if row.load.overflow > 0 {
            lines.append(
                "overflow: \(name): \(row.load.overflow) uploads came while as many were under"
                    + " way as --max-in-flight allows, and were not started; no latency has them")
        }
        if row.load.generators.contains(where: \.isLate), let lag = row.lagP99Us {
            lines.append(
                "generator-limited: \(name): starts were up to"
                    + " \(Readable.microseconds(lag)) late (p99), more than a tenth of the median"
                    + " response time; its percentiles are partly this machine's")
        }
        if let busy = row.load.generators.filter(\.isBusy).map(\.busyShare).max() {
            lines.append(
                "generator-limited: \(name): a client thread was busy \(Int(busy * 100))% of the time;"
                    + " the rate may be this client's limit (more --threads, or another machine)")
        }
        return lines
    }
}
