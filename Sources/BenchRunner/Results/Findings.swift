/// The few sentences that a reader would draw from the table, each from its numbers.
struct Findings {
    let sentences: [String]

    init(_ comparison: Comparison) {
        let fastest = comparison.blocks.compactMap { Self.fastest($0.sizeBytes, $0.rows) }
        let parts =
            fastest
            + [
                Self.acceleration(comparison), Self.backend(comparison), Self.refusals(comparison),
            ]
            .compactMap { $0 }
        sentences = comparison.rows.count > 1 ? parts : []
    }

    /// Which strategy is fastest at a size, and by how much.
    private static func fastest(_ sizeBytes: Int64?, _ rows: [ComparisonRow]) -> String? {
        let timed = rows.filter { $0.responseUs(50) != nil }
            .sorted { ($0.responseUs(50) ?? 0) < ($1.responseUs(50) ?? 0) }
        guard timed.count > 1, let median = timed[0].responseUs(50),
            let next = PairedRatio(timed[1], to: timed[0]),
            let last = PairedRatio(timed[timed.count - 1], to: timed[0])
        else { return nil }
        let opening = "\(name(sizeBytes)): \(timed[0].scenario.rawValue) is fastest at the median"
        let lead =
            next.isClear
            ? "\(times(next)) ahead of \(timed[1].scenario.rawValue) (\(next.text))"
            : "not clearly ahead of \(timed[1].scenario.rawValue) (\(times(next)), \(next.text))"
        let slowest =
            timed.count > 2
            ? "; \(timed[timed.count - 1].scenario.rawValue) takes \(times(last)) as long" : ""
        return "\(opening) (\(Readable.microseconds(median))), \(lead)\(slowest)."
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

    private static func times(_ ratio: PairedRatio) -> String {
        PairedRatio.number(ratio.ratio) + "×"
    }

    private static func name(_ sizeBytes: Int64?) -> String {
        sizeBytes.map { Readable.bytes($0) } ?? "the files"
    }
}
