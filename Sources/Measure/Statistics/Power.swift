/// What a signed-rank test of paired rounds can see, from the spread between the rounds.
package struct Power: Sendable {
    /// Two-sided level of the test.
    package let alpha: Double
    /// The chance that an effect of the size in question is found.
    package let power: Double

    package init(alpha: Double, power: Double) {
        self.alpha = alpha
        self.power = power
    }

    /// The smallest mean difference that is found with that chance; infinite where so few rounds
    /// can never reject.
    ///
    /// The t test's formula, with the rounds counted at the signed-rank test's efficiency for normal
    /// differences, 3/π (Hodges, Lehmann: "The efficiency of some nonparametric competitors of the
    /// t-test", 1956).
    package func smallestDetectable(deviation: Double, rounds: Int) -> Double {
        guard rounds > 1, SignedRank.smallestPValue(rounds) <= alpha else { return .infinity }
        let degrees = Double(rounds - 1)
        let quantiles =
            Quantiles.student(1 - alpha / 2, degrees: degrees)
            + Quantiles.student(power, degrees: degrees)
        let effective = Double(rounds) * 3 / .pi
        return quantiles * deviation / effective.squareRoot()
    }

    /// The fewest rounds, at least `least`, that find a difference of `effect`; nil beyond 10,000.
    package func roundsNeeded(deviation: Double, effect: Double, least: Int) -> Int? {
        let isEnough = { (rounds: Int) in
            smallestDetectable(deviation: deviation, rounds: rounds) <= effect
        }
        guard isEnough(10_000) else { return nil }
        var (low, high) = (least - 1, 10_000)
        while high - low > 1 {
            let middle = (low + high) / 2
            if isEnough(middle) { high = middle } else { low = middle }
        }
        return high
    }
}
