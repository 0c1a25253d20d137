import Foundation

/// Maps values to positions along an axis.
struct Scale: Sendable {
    enum Kind: Sendable { case linear, logarithmic }

    let kind: Kind
    let domain: ClosedRange<Double>
    /// The positions of the domain's ends; the first may be the larger one (y grows downwards).
    let start: Double
    let end: Double

    /// - Parameter domain: made wider where it is a point; positive for a logarithmic scale.
    init(_ kind: Kind, domain: ClosedRange<Double>, start: Double, end: Double) {
        self.kind = kind
        self.start = start
        self.end = end
        let (low, high) = (domain.lowerBound, domain.upperBound)
        switch kind {
        case .linear:
            let margin = max(abs(low) / 2, 0.5)
            self.domain = low < high ? domain : (low - margin)...(high + margin)
        case .logarithmic:
            let positive = max(low, .leastNormalMagnitude)
            self.domain = positive < high ? positive...high : (positive / 2)...(positive * 2)
        }
    }

    /// Values outside the domain stand at its end.
    func position(_ value: Double) -> Double {
        let value = min(max(value, domain.lowerBound), domain.upperBound)
        let share =
            switch kind {
            case .linear: (value - domain.lowerBound) / (domain.upperBound - domain.lowerBound)
            case .logarithmic:
                log(value / domain.lowerBound) / log(domain.upperBound / domain.lowerBound)
            }
        return start + share * (end - start)
    }
}

/// Where an axis is labelled: round numbers.
enum Ticks {
    /// Multiples of 1, 2 or 5 × 10ⁿ inside the domain, about `count` of them.
    static func linear(_ domain: ClosedRange<Double>, count: Int) -> [Double] {
        let span = domain.upperBound - domain.lowerBound
        guard span > 0, span.isFinite, count > 0 else { return [domain.lowerBound] }
        let raw = span / Double(count)
        let power = pow(10, floor(log10(raw)))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= raw * 0.999 } ?? 10 * power
        let first = (domain.lowerBound / step - 1e-9).rounded(.up)
        let last = (domain.upperBound / step + 1e-9).rounded(.down)
        guard first <= last else { return [] }
        return stride(from: first, through: last, by: 1).map { $0 * step + 0 }
    }

    /// Powers of ten inside the domain, with their doubles and fives where few would be left; the
    /// multiples of a round step where the domain is too narrow for those.
    static func logarithmic(_ domain: ClosedRange<Double>, count: Int) -> [Double] {
        guard domain.lowerBound > 0 else { return [] }
        let exponents = Int(floor(log10(domain.lowerBound)))...Int(ceil(log10(domain.upperBound)))
        for factors in [[1.0], [1, 3], [1, 2, 5]] {
            let ticks = exponents.flatMap { exponent in
                factors.map { $0 * pow(10, Double(exponent)) }
            }
            .filter { contains(domain, $0) }
            if ticks.count > count { return thinned(ticks, to: count) }
            if ticks.count >= max(3, count - 2) { return ticks }
        }
        let fine = exponents.flatMap { exponent in
            [1, 2, 5].map { $0 * pow(10, Double(exponent)) }
        }.filter { contains(domain, $0) }
        return fine.count >= 3 ? fine : linear(domain, count: count)
    }

    /// 0%, 50%, 90%, 99%, 99.9%, … as 1/(1−q), as far as the domain goes.
    static func percentiles(upTo highest: Double) -> [(position: Double, percent: String)] {
        var ticks = [(1.0, "0%"), (2.0, "50%"), (10.0, "90%")]
        var nines = 2
        while pow(10, Double(nines)) <= highest * 1.0001, nines < 9 {
            let text = nines == 2 ? "99%" : "99." + String(repeating: "9", count: nines - 2) + "%"
            ticks.append((pow(10, Double(nines)), text))
            nines += 1
        }
        // Where there is room: a decade of a longer axis is too narrow for it.
        if highest < 150 { ticks.insert((20.0, "95%"), at: 3) }
        return ticks.filter { $0.0 <= highest * 1.0001 }.map { (position: $0.0, percent: $0.1) }
    }

    private static func contains(_ domain: ClosedRange<Double>, _ value: Double) -> Bool {
        value >= domain.lowerBound * 0.9999 && value <= domain.upperBound * 1.0001
    }

    /// Every n-th, so that at most `count` are left.
    private static func thinned(_ ticks: [Double], to count: Int) -> [Double] {
        let every = (ticks.count + count - 1) / count
        return ticks.enumerated().filter { $0.offset % every == 0 }.map(\.element)
    }
}
