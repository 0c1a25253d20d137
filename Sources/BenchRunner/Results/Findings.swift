/// The few sentences that a reader would draw from the table, each from its numbers.
struct Findings {
    /// The fastest strategy of each size at which two or more succeeded.
    let leaders: [Leader]
    /// What acceleration bought, what a proxy costs the backend, what was refused.
    let notes: [String]

    init(_ comparison: Comparison) {
        leaders = comparison.blocks.compactMap { Leader($0.sizeBytes, $0.rows) }
        notes =
            comparison.rows.count > 1
            ? [Self.acceleration(comparison), Self.backend(comparison), Self.refusals(comparison)]
                .compactMap { $0 } : []
    }

    var sentences: [String] { leaders.map(\.sentence) + notes }

    /// Which strategy is fastest at a size, and by how much.
    struct Leader {
        let sizeBytes: Int64?
        let scenario: Strategy
        let medianUs: Double
        let next: (scenario: Strategy, ratio: PairedRatio)
        /// Only where it is not `next`.
        let slowest: (scenario: Strategy, ratio: PairedRatio)?
        /// Failed uploads of the fastest, and all of them: good latency must not hide errors.
        let failed: (count: Int, of: Int)

        init?(_ sizeBytes: Int64?, _ rows: [ComparisonRow]) {
            let timed = rows.filter { $0.responseUs(50) != nil }
                .sorted { ($0.responseUs(50) ?? 0) < ($1.responseUs(50) ?? 0) }
            guard timed.count > 1, let median = timed[0].responseUs(50),
                let next = PairedRatio(timed[1], to: timed[0]),
                let last = PairedRatio(timed[timed.count - 1], to: timed[0])
            else { return nil }
            self.sizeBytes = sizeBytes
            scenario = timed[0].scenario
            medianUs = median
            failed = (timed[0].errors, timed[0].uploads + timed[0].errors)
            self.next = (timed[1].scenario, next)
            slowest = timed.count > 2 ? (timed[timed.count - 1].scenario, last) : nil
        }

        var sentence: String {
            "\(name(sizeBytes)): \(scenario.rawValue) is fastest at the median"
                + " (\(Readable.microseconds(medianUs))), \(lead)\(rest)."
                + (failures.map { " But \($0)." } ?? "")
        }

        /// What stands against it; nil without errors.
        var failures: String? {
            guard failed.count > 0 else { return nil }
            let share = 100 * Double(failed.count) / Double(failed.of)
            return "\(failed.count) of its \(failed.of) uploads failed (\(Readable.number(share))%)"
        }

        private var lead: String {
            let text = next.ratio.text
            return next.ratio.isClear
                ? "\(times(next.ratio)) ahead of \(next.scenario.rawValue) (\(text))"
                : "not clearly ahead of \(next.scenario.rawValue) (\(times(next.ratio)), \(text))"
        }

        private var rest: String {
            slowest.map { "; \($0.scenario.rawValue) takes \(times($0.ratio)) as long" } ?? ""
        }
    }

    /// What acceleration bought, at the smallest and the largest size.
    private static func acceleration(_ comparison: Comparison) -> String? {
        let ends = [comparison.blocks.first, comparison.blocks.last].compactMap { $0 }
        let blocks = ends.count == 2 && ends[0].sizeBytes == ends[1].sizeBytes ? [ends[0]] : ends
        let texts = blocks.compactMap { block -> String? in
            let pairs = block.rows.compactMap { row -> (Strategy, PairedRatio)? in
                guard let plain = row.scenario.unaccelerated,
                    let direct = block.rows.first(where: { $0.scenario == plain }),
                    let ratio = PairedRatio(direct, to: row)
                else { return nil }
                return (row.scenario, ratio)
            }
            guard let (scenario, ratio) = pairs.first else { return nil }
            let effect =
                !ratio.isClear
                ? "makes no clear difference to" : ratio.ratio > 1 ? "speeds up" : "slows down"
            return "\(effect) \(scenario.unaccelerated?.rawValue ?? "") of \(name(block.sizeBytes))"
                + " (\(times(ratio)) as long without it, \(ratio.text))"
        }
        return texts.isEmpty ? nil : "Acceleration \(texts.joined(separator: ", and "))."
    }

    /// What the proxies cost the backend, at the largest size that one of them carried.
    private static func backend(_ comparison: Comparison) -> String? {
        for block in comparison.blocks.reversed() {
            let cpu = { (row: ComparisonRow) in row.gatewayCPUUsPerUpload }
            guard
                let proxy = block.rows.filter({ $0.scenario.isProxy && !$0.isRefused })
                    .filter({ cpu($0) != nil })
                    .max(by: { (cpu($0) ?? 0) < (cpu($1) ?? 0) }),
                let direct = block.rows.first(where: { $0.scenario == .presignedPut }),
                let proxyUs = cpu(proxy), let directUs = cpu(direct), directUs > 0
            else { continue }
            let memory = proxy.gatewayPeakBytes.map { ", and held up to \(Readable.bytes($0))" }
            return "The API spent \(Readable.microseconds(proxyUs)) of CPU on an upload of"
                + " \(name(block.sizeBytes)) by \(proxy.scenario.rawValue)\(memory ?? ""), against"
                + " \(Readable.microseconds(directUs)) by presigned-put"
                + " (\(PairedRatio.number(proxyUs / directUs)) times)."
        }
        return nil
    }

    private static func refusals(_ comparison: Comparison) -> String? {
        let refused = comparison.rows.filter(\.isRefused)
        guard !refused.isEmpty else { return nil }
        let texts = refused.map { "\($0.scenario.rawValue) refuses \(name($0.sizeBytes))" }
        return texts.joined(separator: "; ") + "."
    }
}

private func times(_ ratio: PairedRatio) -> String { PairedRatio.number(ratio.ratio) + "×" }

private func name(_ sizeBytes: Int64?) -> String {
    sizeBytes.map { Readable.bytes($0) } ?? "the files"
}
