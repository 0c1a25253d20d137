import Measure
import Testing

@Suite struct SignedRankTests {
    /// Hollander, Wolfe, Chicken: "Nonparametric Statistical Methods", table 3.1 (Hamilton depression
    /// scale, patients before and after a tranquilizer), the example of R's wilcox.test:
    /// V = 5, exact two-sided p = 0.0390625, pseudomedian −0.46, and the 95% interval below.
    private let depression = [
        0.878 - 1.83, 0.647 - 0.50, 0.598 - 1.62, 2.05 - 2.48, 1.06 - 1.68, 1.29 - 1.88,
        1.06 - 1.55, 3.14 - 3.06, 1.29 - 1.30,
    ]

    @Test func `the textbook's example gives the textbook's numbers`() throws {
        #expect(SignedRank.pValue(depression) == 0.0390625)
        let estimate = try #require(SignedRank.estimate(depression))
        #expect(abs(estimate - -0.46) < 1e-9)
        let interval = try #require(SignedRank.interval(depression, confidence: 0.95))
        #expect(abs(interval.lowerBound - -0.786) < 1e-9)
        #expect(abs(interval.upperBound - -0.010) < 1e-9)
    }

    @Test(arguments: [(5, 0.0625), (6, 0.03125), (10, 0.001953125)])
    func `the smallest p is that of all signs alike`(n: Int, p: Double) {
        #expect(SignedRank.smallestPValue(n) == p)
        #expect(SignedRank.pValue((1...n).map(Double.init)) == p)
    }

    @Test func `five differences have no 95% interval, six have`() {
        let values = [1.0, 2, 3, 4, 5]
        #expect(SignedRank.interval(values, confidence: 0.95) == nil)
        #expect(SignedRank.interval(values + [6], confidence: 0.95) == 1...6)
    }

    @Test func `zeros are left out and equal sizes share their rank`() {
        // By hand: of 1, 1, −1 each has rank 2; the sums 0, 2, 4, 6 come 1, 3, 3 and 1 times of 8,
        // so P(T ≤ 2) = 4/8 and twice that is 1.
        #expect(SignedRank.pValue([0, 1, 1, -1]) == 1)
        #expect(SignedRank.pValue([0, 1, 1, 1]) == 0.25)
        #expect(SignedRank.pValue([0, 0]) == 1)
    }

    @Test func `the interval holds the shifts that the test does not reject`() throws {
        var random = SeededRandom(seed: 5)
        for _ in 0..<50 {
            let values = (0..<12).map { _ in random.nextUniform() - 0.3 }
            let interval = try #require(SignedRank.interval(values, confidence: 0.95))
            for (end, outward) in [(interval.lowerBound, -1e-9), (interval.upperBound, 1e-9)] {
                let inside = values.map { $0 - (end - outward) }
                let outside = values.map { $0 - (end + outward) }
                #expect(SignedRank.pValue(inside) > 0.05)
                #expect(SignedRank.pValue(outside) <= 0.05)
            }
        }
    }

    @Test func `beyond the exact limit the normal distribution takes over without a jump`() {
        var random = SeededRandom(seed: 9)
        let many = (0..<200).map { _ in random.nextUniform() - 0.47 }
        let exact = SignedRank.pValue(many)
        let approximate = SignedRank.pValue(many + [1e-12])
        #expect(abs(exact - approximate) < 0.01)
    }

    @Test func `Holm's adjustment is that of its definition`() {
        // 0.01 × 4, 0.02 × 3, 0.03 × 2, 0.04 × 1, each at least the one before.
        let adjusted = Holm.adjusted([0.02, 0.04, 0.01, 0.03])
        let expected = [0.06, 0.06, 0.04, 0.06]
        #expect(zip(adjusted, expected).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(Holm.adjusted([0.9, 0.8]) == [1, 1])
        #expect(Holm.adjusted([]).isEmpty)
    }

    @Test func `Fisher's exact test gives the tea taster's p`() {
        // R: fisher.test(matrix(c(3, 1, 1, 3), 2))$p.value = 0.4857143 = 34/70.
        let p = FisherExact.pValue(hits: 3, of: 4, against: 1, of: 4)
        #expect(abs(p - 34.0 / 70) < 1e-12)
        #expect(FisherExact.pValue(hits: 0, of: 1000, against: 0, of: 1000) == 1)
        // All 5 hits on one side: 2 × C(1000,5)/C(2000,5).
        let oneSided = (0..<5).reduce(1.0) { $0 * Double(1000 - $1) / Double(2000 - $1) }
        let extreme = FisherExact.pValue(hits: 5, of: 1000, against: 0, of: 1000)
        #expect(abs(extreme - 2 * oneSided) < 1e-9)
    }
}
