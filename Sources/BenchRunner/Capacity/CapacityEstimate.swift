import Foundation
import Measure

/// The rate at which the share of misses reaches its limit, by a line through the logits of the
/// steps around it, the nearer ones weighing more. For a queue such as M/M/1 the logarithm of the
/// share above a limit is a line in the rate; elsewhere it is nearly one over so short a stretch.
struct CapacityEstimate {
    private let objectives: [ShareObjective]
    private let steps: [StepResult]
    private let center: Double
    /// One for all steps: their own estimates are noisy, and large where misses happen to be many.
    private let designEffect: Double
    private static let reach = 0.16
    private static let resamples = 400

    init(_ objectives: [ShareObjective], _ results: [StepResult], center: Double) {
        self.objectives = objectives
        self.center = center
        steps = results.filter {
            $0.decision != .generatorLimited && !$0.evidence.isEmpty
                && abs($0.step.perSecond / center - 1) < Self.reach
        }
        designEffect = Self.designEffect(steps) ?? 1
    }

    /// Not further from the steps than they reach, and their middle where they determine no line.
    var perSecond: Double { crossing(steps.map(\.evidence)).perSecond }

    /// By how much the logit of the share rises when the rate doubles e-fold; nil without a line.
    var slope: Double? { crossing(steps.map(\.evidence)).slope }

    private func crossing(_ evidence: [[ShareEvidence]]) -> (perSecond: Double, slope: Double?) {
        var lowest: (perSecond: Double, slope: Double?) = (center, nil)
        for index in objectives.indices {
            let points = zip(steps, evidence).map { step, evidence in
                let x = step.step.perSecond / center - 1
                let weight = Self.weight(x) / designEffect
                return LogitLine.Point(
                    x: x, count: Double(evidence[index].count) * weight,
                    hits: Double(evidence[index].hits) * weight)
            }
            guard let line = LogitLine(points) else { continue }
            let x = min(max(line.crossing(of: objectives[index].share), -Self.reach), Self.reach)
            let rate = center * (1 + x)
            if lowest.slope == nil || rate < lowest.perSecond { lowest = (rate, line.slope) }
        }
        return lowest
    }

    /// Tricube, as in local regression (Cleveland, 1979).
    private static func weight(_ x: Double) -> Double {
        let distance = abs(x) / reach
        let cube = 1 - distance * distance * distance
        return distance < 1 ? cube * cube * cube : 0
    }

    /// 95%, by parametric bootstrap: each step's misses are drawn again from its share and the design
    /// effect of all steps, and the line is fitted again. Drawing batches instead would know only the
    /// correlation inside a batch.
    func interval(seed: UInt64) -> ClosedRange<Double> {
        var random = SeededRandom(seed: seed)
        let rates = (0..<Self.resamples).map { _ in
            crossing(steps.map { $0.evidence.map { redrawn($0, &random) } }).perSecond
        }.sorted()
        let low = rates[Int(0.025 * Double(rates.count))]
        let high = rates[min(rates.count - 1, Int(0.975 * Double(rates.count)))]
        return min(low, perSecond)...max(high, perSecond)
    }

    private func redrawn(
        _ evidence: ShareEvidence, _ random: inout SeededRandom
    ) -> ShareEvidence {
        let count = Double(evidence.count)
        guard count > 0 else { return evidence }
        // Half a cluster more: a step without any misses is not free of chance.
        let share = (Double(evidence.hits) + designEffect / 2) / (count + designEffect)
        let deviation = (count * share * (1 - share) * designEffect).squareRoot()
        let drawn = Double(evidence.hits) + deviation * random.nextNormal()
        let hits = min(max(0, drawn), count).rounded()
        return ShareEvidence([.init(count: evidence.count, hits: Int(hits))])
    }

    /// The mean over steps with enough misses to show one, weighted by their misses.
    static func designEffect(_ steps: [StepResult]) -> Double? {
        let shown = steps.flatMap(\.evidence).filter { $0.hits >= 10 && $0.share < 0.7 }
        let weight = shown.reduce(0.0) { $0 + Double($1.hits).squareRoot() }
        guard weight > 0 else { return nil }
        return shown.reduce(0.0) { $0 + $1.ownDesignEffect * Double($1.hits).squareRoot() }
            / weight
    }
}
