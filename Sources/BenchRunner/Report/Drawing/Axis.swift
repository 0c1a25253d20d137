import Foundation

/// One side of a plot: what it covers, where it is labelled and with what.
struct Axis: Sendable {
    struct Tick: Sendable {
        let value: Double
        let label: String
    }

    let title: String
    let kind: Scale.Kind
    let domain: ClosedRange<Double>
    let ticks: [Tick]

    func scale(start: Double, end: Double) -> Scale {
        Scale(kind, domain: domain, start: start, end: end)
    }

    /// Times in µs. Logarithmic where the largest is more than 10 times the smallest, because the
    /// small ones could not be read otherwise; from 0 where not, so that lengths can be compared.
    static func microseconds(
        _ title: String, covering values: [Double], kind: Scale.Kind? = nil, count: Int = 5
    ) -> Axis {
        let positive = values.filter { $0 > 0 }
        let (low, high) = (positive.min() ?? 1, positive.max() ?? 1000)
        let kind = kind ?? (high > 10 * low ? .logarithmic : .linear)
        guard kind == .logarithmic else {
            let domain = 0...(high * 1.06)
            let ticks = Ticks.linear(domain, count: count).map { Tick(value: $0, label: time($0)) }
            return Axis(title: title, kind: .linear, domain: domain, ticks: ticks)
        }
        let domain = (low / 1.15)...(high * 1.15)
        let ticks = Ticks.logarithmic(domain, count: count)
        return Axis(
            title: title + " (log)", kind: .logarithmic, domain: domain,
            ticks: ticks.map { Tick(value: $0, label: time($0)) })
    }

    /// 1/(1−q) on a logarithmic scale, as HdrHistogram plots it: each nine takes the same width.
    static func percentiles(upTo highest: Double) -> Axis {
        Axis(
            title: "percentile", kind: .logarithmic, domain: 1...max(highest, 2),
            ticks: Ticks.percentiles(upTo: max(highest, 2)).map {
                Tick(value: $0.position, label: $0.percent)
            })
    }

    /// File sizes on a logarithmic scale, labelled at those that were measured.
    static func bytes(_ title: String, measured: [Double]) -> Axis {
        let sizes = Set(measured.filter { $0 > 0 }).sorted()
        let (low, high) = (sizes.first ?? 1, sizes.last ?? 2)
        let margin = pow(high / low, 0.05)
        let domain = (low / max(margin, 1.1))...(high * max(margin, 1.1))
        // Labels closer than this share of the axis would run into each other.
        var ticks: [Tick] = []
        let scale = Scale(.logarithmic, domain: domain, start: 0, end: 1)
        for size in sizes {
            if let last = ticks.last, scale.position(size) - scale.position(last.value) < 0.13 {
                continue
            }
            ticks.append(Tick(value: size, label: Readable.bytes(Int64(size))))
        }
        return Axis(title: title + " (log)", kind: .logarithmic, domain: domain, ticks: ticks)
    }

    static func linear(
        _ title: String, domain: ClosedRange<Double>, count: Int = 5,
        label: (Double) -> String = Axis.plain
    ) -> Axis {
        let ticks = Ticks.linear(domain, count: count).map { Tick(value: $0, label: label($0)) }
        return Axis(title: title, kind: .linear, domain: domain, ticks: ticks)
    }

    static func logarithmic(
        _ title: String, domain: ClosedRange<Double>, count: Int = 5,
        label: (Double) -> String = Axis.plain
    ) -> Axis {
        let ticks = Ticks.logarithmic(domain, count: count)
            .map { Tick(value: $0, label: label($0)) }
        return Axis(title: title, kind: .logarithmic, domain: domain, ticks: ticks)
    }

    /// `0`, `250 µs`, `1.5 ms`, `2 s`.
    static func time(_ microseconds: Double) -> String {
        if microseconds == 0 { return "0" }
        if microseconds < 1000 { return plain(microseconds) + " µs" }
        if microseconds < 1_000_000 { return plain(microseconds / 1000) + " ms" }
        return plain(microseconds / 1_000_000) + " s"
    }

    /// Up to four digits that matter, without zeros at the end.
    static func plain(_ value: Double) -> String {
        let rounded = String(format: "%.4g", value)
        guard rounded.contains("e"), value.isFinite else { return rounded }
        return abs(value) >= 1e4 && abs(value) < 1e15 ? String(format: "%.0f", value) : rounded
    }
}
