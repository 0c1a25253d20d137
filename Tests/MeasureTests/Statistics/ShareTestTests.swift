import Foundation
import Testing

@testable import Measure

@Suite struct ShareTestTests {
    private func batches(_ outcomes: [Bool], _ count: Int = 20) -> [ShareEvidence.Batch] {
        (0..<count).map { batch in
            let part = outcomes[
                outcomes.count * batch / count..<outcomes.count * (batch + 1) / count]
            return .init(count: part.count, hits: part.filter { $0 }.count)
        }
    }

    /// Looks after every 50 independent uploads until the test decides.
    private func decide(
        share: Double, limit: Double, _ random: inout SeededRandom
    ) -> SequentialShareTest.Decision {
        let test = SequentialShareTest(limit: limit)
        var (count, hits) = (0, 0)
        while count < 100_000 {
            for _ in 0..<50 where random.nextUniform() < share { hits += 1 }
            count += 50
            let decision = test.decide(ShareEvidence([.init(count: count, hits: hits)]))
            if decision != .undecided { return decision }
        }
        return .undecided
    }

    /// 2000 tests each; an error rate of 5% shows at most 6.1% of them in 99 of 100 such series.
    @Test(arguments: [0.01, 0.05, 0.5])
    func `both error rates are at most 5% at the two hypotheses`(limit: Double) {
        var random = SeededRandom(seed: 7)
        let odds = limit / (1 - limit)
        for (factor, wrong) in [(1 / 1.5, SequentialShareTest.Decision.fails), (1.5, .holds)] {
            let share = odds * factor / (1 + odds * factor)
            let mistakes = (0..<2000).filter { _ in
                decide(share: share, limit: limit, &random) == wrong
            }.count
            #expect(Double(mistakes) / 2000 <= 0.061)
        }
    }

    @Test func `a share far from the limit is decided at once`() {
        let test = SequentialShareTest(limit: 0.01)
        #expect(test.decide(ShareEvidence([.init(count: 100, hits: 30)])) == .fails)
        #expect(test.decide(ShareEvidence([.init(count: 1000, hits: 0)])) == .holds)
        #expect(test.decide(ShareEvidence([.init(count: 100, hits: 1)])) == .undecided)
    }

    @Test func `independent uploads have a design effect near 1`() {
        var random = SeededRandom(seed: 1)
        let effects = (0..<50).map { _ in
            ShareEvidence(batches((0..<20_000).map { _ in random.nextUniform() < 0.05 }))
                .designEffect
        }.sorted()
        // The largest of three estimates is a little above 1.
        #expect(effects[25] < 1.6)
    }

    /// Uploads that share their fate in groups of ten count as a tenth.
    @Test func `uploads in groups of ten have a design effect near 10`() {
        var random = SeededRandom(seed: 1)
        let effects = (0..<50).map { _ in
            let groups = (0..<4000).map { _ in random.nextUniform() < 0.05 }
            return ShareEvidence(batches(groups.flatMap { Array(repeating: $0, count: 10) }))
                .designEffect
        }.sorted()
        #expect((9.0...16).contains(effects[25]))
    }

    @Test func `pooled evidence counts effective uploads`() {
        let first = ShareEvidence([.init(count: 100, hits: 1)], leastDesignEffect: 2)
        let second = ShareEvidence([.init(count: 300, hits: 3)], leastDesignEffect: 3)
        let pooled = ShareEvidence.pooled([first, second])
        #expect(pooled.count == 400 && pooled.hits == 4)
        #expect(abs(pooled.effectiveCount - 150) < 1e-9)
    }

    /// scipy.stats.theilslopes and kendalltau(method="asymptotic") of the same series; SciPy corrects
    /// the variance for ties and uses no continuity correction, so the probability only comes near.
    @Test func `the trend is SciPy's`() throws {
        let trend = try #require(TheilSen([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]))
        #expect(abs(trend.slope - 0.3666666666666667) < 1e-12)
        #expect(abs(trend.riseProbability - 0.0823 / 2) < 0.01)
        #expect(TheilSen([1, 2]) == nil)
    }

    /// Maximum likelihood by scipy.optimize (Nelder-Mead): −4.59880, 20.12751, crossing 1% at 0.000183.
    /// The continuity of 0.1 per step moves it in the third digit.
    @Test func `the line through logits is the one of maximum likelihood`() throws {
        let points = zip(
            [-0.1, -0.02, 0, 0.03, 0.06],
            [(4000, 8), (5000, 30), (4500, 44), (3000, 51), (2000, 70)]
        )
        .map { LogitLine.Point(x: $0, count: Double($1.0), hits: Double($1.1)) }
        let line = try #require(LogitLine(points))
        #expect(abs(line.level + 4.5988) < 0.005)
        #expect(abs(line.slope - 20.1275) < 0.1)
        #expect(abs(line.crossing(of: 0.01) - 0.000183) < 2e-4)
    }

    @Test func `steps at one rate or with a falling share make no line`() {
        #expect(
            LogitLine([.init(x: 0, count: 10, hits: 1), .init(x: 0, count: 10, hits: 2)]) == nil)
        let falling = [
            LogitLine.Point(x: 0, count: 1000, hits: 100), .init(x: 1, count: 1000, hits: 10),
        ]
        #expect(LogitLine(falling) == nil)
    }
}
