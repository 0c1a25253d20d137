import Foundation
import Measure

extension GateRow {
    /// - Parameter testCount: among how many Holm's adjustment shares the level.
    mutating func judge(_ settings: GateSettings, testCount: Int) {
        guard counts == nil else { return judgeErrors(settings) }
        guard let estimate, let adjustedPValue else { return }
        // Symmetric in the logarithm: 5% more and its inverse.
        let margin = log(1 + settings.margin(metric))
        let worse = metric.isBetterWhenHigh ? -estimate : estimate
        let isClear = adjustedPValue <= settings.alpha && interval95?.contains(0) == false
        let isEquivalent =
            interval90.map { $0.lowerBound > -margin && $0.upperBound < margin } ?? false
        if isClear, worse > margin {
            verdict = .regression
        } else if isClear, worse < -margin {
            verdict = .improvement
        } else if isEquivalent {
            verdict = .equivalent
        } else {
            measurePower(settings, testCount, margin)
            guard smallestDetectable ?? 0 > margin else {
                verdict = .inconclusive
                return
            }
            verdict = .underpowered
            add(neededRounds(margin))
        }
    }

    /// At the level that is left for the first of Holm's steps, the strictest.
    private mutating func measurePower(
        _ settings: GateSettings, _ testCount: Int, _ margin: Double
    ) {
        let power = Power(alpha: settings.alpha / Double(testCount), power: settings.power)
        let deviation = Series.deviation(differences)
        smallestDetectable = power.smallestDetectable(
            deviation: deviation, rounds: differences.count)
        roundsNeeded = power.roundsNeeded(
            deviation: deviation, effect: margin, least: GateSettings.leastRounds)
    }

    private func neededRounds(_ margin: Double) -> String {
        let seen = smallestDetectable ?? .infinity
        let least =
            seen.isFinite
            ? "sees \(Readable.number((exp(seen) - 1) * 100))% at best"
            : "\(differences.count) rounds are too few for so many tests"
        let needed = roundsNeeded.map { "\($0) rounds would do" } ?? "no number of rounds would do"
        return "\(least); \(needed)"
    }

    /// Any rise of the share of errors beyond chance is one too many, whatever the margins are.
    private mutating func judgeErrors(_ settings: GateSettings) {
        guard let counts, let adjustedPValue, let before = counts.base.share,
            let after = counts.candidate.share
        else { return }
        if adjustedPValue <= settings.alpha, after != before {
            verdict = after > before ? .regression : .improvement
        } else {
            verdict = after <= before ? .equivalent : .inconclusive
        }
    }

    private mutating func add(_ text: String) {
        note = note.isEmpty ? text : "\(note); \(text)"
    }
}
