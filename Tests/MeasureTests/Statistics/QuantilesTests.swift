import Measure
import Testing

@Suite struct QuantilesTests {
    /// NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2.
    @Test(arguments: [
        (1.0, 12.706), (2, 4.303), (5, 2.571), (10, 2.228), (30, 2.042), (100, 1.984),
    ])
    func `Student's quantiles are those of the table`(degrees: Double, t: Double) {
        #expect(abs(Quantiles.student(0.975, degrees: degrees) - t) < 0.0006)
        #expect(
            abs(
                Quantiles.student(0.025, degrees: degrees)
                    + Quantiles.student(0.975, degrees: degrees))
                < 1e-9)
    }

    @Test(arguments: [
        (0.975, 1.959963984540054), (0.8, 0.8416212335729143), (1e-9, -5.997807015008182),
    ])
    func `normal quantiles are exact`(share: Double, z: Double) {
        #expect(abs(Quantiles.normal(share) - z) < 1e-9)
    }

    @Test func `with one degree of freedom Student's is Cauchy's`() {
        #expect(abs(Quantiles.studentShare(below: 1, degrees: 1) - 0.75) < 1e-12)
    }

    @Test
    func `more rounds see smaller effects, and the number that is needed is the first that does`()
        throws
    {
        let power = Power(alpha: 0.05, power: 0.8)
        let needed = try #require(power.roundsNeeded(deviation: 0.1, effect: 0.05, least: 6))
        #expect(power.smallestDetectable(deviation: 0.1, rounds: needed) <= 0.05)
        #expect(power.smallestDetectable(deviation: 0.1, rounds: needed - 1) > 0.05)
        #expect(power.roundsNeeded(deviation: 0, effect: 0.05, least: 6) == 6)
        #expect(power.roundsNeeded(deviation: 100, effect: 0.05, least: 6) == nil)
    }

    @Test func `what the formula promises is what simulated rounds find`() throws {
        let power = Power(alpha: 0.05, power: 0.8)
        let effect = power.smallestDetectable(deviation: 1, rounds: 20)
        var random = SeededRandom(seed: 3)
        var found = 0
        for _ in 0..<400 {
            let rounds = (0..<20).map { _ in
                effect + Quantiles.normal(max(random.nextUniform(), 1e-12))
            }
            if SignedRank.pValue(rounds) <= 0.05 { found += 1 }
        }
        // Three standard errors of 400 trials around 80%.
        #expect((296...344).contains(found))
    }

    @Test func `rounds that can never reject see nothing`() {
        let power = Power(alpha: 0.001, power: 0.8)
        #expect(power.smallestDetectable(deviation: 0.01, rounds: 6) == .infinity)
    }
}
