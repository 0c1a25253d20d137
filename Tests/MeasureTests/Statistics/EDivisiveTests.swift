import Testing

@testable import Measure

@Suite struct EDivisiveTests {
    private func noise(_ count: Int, around mean: Double, seed: UInt64) -> [Double] {
        var random = SeededRandom(seed: seed)
        return (0..<count).map { _ in mean + random.nextUniform() - 0.5 }
    }

    private func detector(seed: UInt64 = 1) -> EDivisive {
        var detector = EDivisive()
        detector.permutations = 199
        detector.seed = seed
        return detector
    }

    /// The paper's statistic straight from its definition, with every pair looked at.
    private func distance(_ left: [Double], _ right: [Double]) -> Double {
        let pairs = { (a: [Double], b: [Double]) in
            a.reduce(0.0) { sum, x in sum + b.reduce(0.0) { $0 + abs(x - $1) } }
        }
        let (n, m) = (Double(left.count), Double(right.count))
        let within = { (a: [Double]) in pairs(a, a) / Double(a.count) / Double(a.count - 1) }
        let energy = 2 * pairs(left, right) / (n * m) - within(left) - within(right)
        return n * m / (n + m) * energy
    }

    @Test func `the best cut is the one that a search by the definition finds`() throws {
        let values = noise(9, around: 0, seed: 2) + noise(7, around: 0.6, seed: 3)
        let cut = try #require(detector().best(values))
        var expected = -Double.infinity
        for index in 3...(values.count - 3) {
            for end in (index + 3)...values.count {
                let found = distance(Array(values[..<index]), Array(values[index..<end]))
                expected = max(expected, found)
            }
        }
        #expect(abs(cut.distance - expected) < 1e-9)
    }

    @Test func `a step is found where it is, and a second one too`() {
        let values =
            noise(15, around: 0, seed: 4) + noise(12, around: 3, seed: 5)
            + noise(10, around: 1, seed: 6)
        #expect(detector().changePoints(values).map(\.index) == [15, 27])
    }

    @Test func `equal series of one kind seldom show a change`() {
        let alarms = (0..<40).count {
            !detector(seed: UInt64($0)).changePoints(noise(20, around: 0, seed: UInt64($0) + 50))
                .isEmpty
        }
        // 5% of 40 are 2; 6 and more would come once in a hundred.
        #expect(alarms <= 6)
    }

    @Test func `the same seed gives the same answer, and short series have none`() {
        let values = noise(10, around: 0, seed: 7) + noise(10, around: 1, seed: 8)
        #expect(detector().changePoints(values) == detector().changePoints(values))
        #expect(detector().changePoints([1, 2, 3, 40, 50]).isEmpty)
        #expect(detector().changePoints([]).isEmpty)
    }
}
