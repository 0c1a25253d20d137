import Foundation
import Measure
import Testing

@Suite struct ArrivalScheduleTests {
    private func schedule(
        _ spacing: ArrivalSchedule.Spacing, perSecond: Double = 1000, seed: UInt64 = 7
    ) -> ArrivalSchedule {
        ArrivalSchedule(
            profile: RateProfile(constant: perSecond), spacing: spacing, seed: seed)
    }

    private func first(_ count: Int, of schedule: ArrivalSchedule, _ share: ArrivalShare = .whole)
        -> [Arrival]
    {
        var stream = schedule.stream(share)
        return (0..<count).compactMap { _ in stream.next() }
    }

    private func all(of schedule: ArrivalSchedule, _ share: ArrivalShare = .whole) -> [Arrival] {
        var stream = schedule.stream(share)
        return Array(sequence(state: ()) { _ in stream.next() })
    }

    private func gaps(_ arrivals: [Arrival]) -> [Double] {
        zip(arrivals, arrivals.dropFirst()).map { Double($1.offsetNs - $0.offsetNs) / 1e9 }
    }

    @Test func `constant arrivals are one period apart, the first after half of one`() {
        let arrivals = first(10_000, of: schedule(.constant))
        #expect(arrivals.first?.offsetNs == 500_000)
        #expect(
            zip(arrivals, arrivals.dropFirst()).allSatisfy {
                $1.offsetNs - $0.offsetNs == 1_000_000
            })
        #expect(arrivals.map(\.index) == (0..<10_000).map(Int64.init))
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `Poisson gaps are exponential`(seed: UInt64) {
        let count = 20_000
        let gaps = gaps(first(count + 1, of: schedule(.poisson, seed: seed)))
        let mean = gaps.reduce(0, +) / Double(count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
        // Five standard errors: of the mean 1/√n, of an exponential's variance √(8/n).
        #expect(abs(mean / 1e-3 - 1) < 5 / Double(count).squareRoot())
        #expect(abs(variance / 1e-6 - 1) < 5 * (8 / Double(count)).squareRoot())
        let distance =
            gaps.sorted().enumerated().map { index, gap in
                let expected = 1 - exp(-gap * 1000)
                return max(
                    abs(Double(index) / Double(count) - expected),
                    abs(Double(index + 1) / Double(count) - expected))
            }.max() ?? 1
        // Kolmogorov's distribution: 1.95/√n is passed once in a thousand.
        #expect(distance < 1.95 / Double(count).squareRoot())
    }

    @Test func `Poisson gaps do not follow from the gap before`() {
        let gaps = gaps(first(20_001, of: schedule(.poisson, seed: 11)))
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let covariance = zip(gaps, gaps.dropFirst()).reduce(0) {
            $0 + ($1.0 - mean) * ($1.1 - mean)
        }
        #expect(abs(covariance / variance) < 5 / Double(gaps.count).squareRoot())
    }

    @Test(arguments: ArrivalSchedule.Spacing.allCases)
    func `stages bring as many arrivals as their areas say`(
        spacing: ArrivalSchedule.Spacing
    ) throws {
        let points = [(0.0, 0.0), (30, 500), (120, 500), (125, 100)]
        let profile = try RateProfile(
            stages: points.map { RateProfile.Point(seconds: $0.0, perSecond: $0.1) })
        let arrivals = all(of: ArrivalSchedule(profile: profile, spacing: spacing, seed: 3))
        for until in [10.0, 30, 75, 120, 125] {
            let expected = profile.expectedArrivals(untilSeconds: until)
            let found = arrivals.count { Double($0.offsetNs) < until * 1e9 }
            // Poisson counts vary by the root of their mean.
            let tolerance = spacing == .constant ? 0.51 : 5 * expected.squareRoot()
            #expect(abs(Double(found) - expected) <= tolerance)
        }
        #expect(zip(arrivals, arrivals.dropFirst()).allSatisfy { $0.offsetNs <= $1.offsetNs })
    }

    @Test(arguments: ArrivalSchedule.Spacing.allCases)
    func `shards and their workers together are the whole schedule`(
        spacing: ArrivalSchedule.Spacing
    ) throws {
        let profile = try RateProfile(
            stages: [(0.0, 10.0), (5, 400), (9, 0)].map {
                RateProfile.Point(seconds: $0.0, perSecond: $0.1)
            })
        let schedule = ArrivalSchedule(profile: profile, spacing: spacing, seed: 99)
        let parts = (0..<3).flatMap { shard in
            (0..<2).flatMap { worker in
                all(of: schedule, .whole.part(shard, of: 3).part(worker, of: 2))
            }
        }
        #expect(parts.sorted { $0.index < $1.index } == all(of: schedule))
    }

    @Test func `the seed decides the times, and nothing else does`() {
        let one = first(100, of: schedule(.poisson, seed: 1))
        #expect(one == first(100, of: schedule(.poisson, seed: 1)))
        #expect(one != first(100, of: schedule(.poisson, seed: 2)))
    }

    @Test(arguments: ArrivalSchedule.Spacing.allCases)
    func `arrivals before a time are counted without being kept`(
        spacing: ArrivalSchedule.Spacing
    ) {
        let schedule = schedule(spacing, perSecond: 250)
        let arrivals = first(2000, of: schedule)
        for time in [0, 1_000_000, 2_000_000_000, 3_333_333_333] as [Int64] {
            let before = arrivals.count { $0.offsetNs < time }
            #expect(schedule.count(beforeNs: time) == Int64(before))
        }
    }
}
