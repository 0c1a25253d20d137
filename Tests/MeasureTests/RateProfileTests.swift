import Measure
import Testing

@Suite struct RateProfileTests {
    private func stages(_ points: (Double, Double)...) throws -> RateProfile {
        try RateProfile(
            stages: points.map { RateProfile.Point(seconds: $0.0, perSecond: $0.1) })
    }

    @Test func `a constant rate expects rate times time, without an end`() {
        let profile = RateProfile(constant: 40)
        #expect(profile.expectedArrivals(untilSeconds: 2.5) == 100)
        #expect(profile.endSeconds == nil)
        #expect(profile.meanPerSecond(fromSeconds: 3, untilSeconds: 9) == 40)
    }

    @Test func `a ramp, a plateau and a jump integrate to their areas`() throws {
        let profile = try stages((0, 0), (30, 500), (120, 500), (120, 100), (130, 100))
        let areas: [(Double, Double)] = [
            (15, 1875), (30, 7500), (120, 52_500), (125, 53_000), (130, 53_500), (999, 53_500),
        ]
        for (time, area) in areas {
            #expect(abs(profile.expectedArrivals(untilSeconds: time) - area) < 1e-6)
        }
        #expect(profile.peakPerSecond == 500)
        #expect(profile.meanPerSecond(fromSeconds: 0, untilSeconds: 30) == 250)
    }

    @Test func `the time of a count is the inverse of the count of a time`() throws {
        let profile = try stages((0, 0), (10, 100), (10, 5), (20, 0), (30, 60))
        var piece = 0
        var time = 0.0
        while time < 30 {
            let count = profile.expectedArrivals(untilSeconds: time)
            let found = try #require(profile.seconds(ofExpected: count, piece: &piece))
            // Where the rate is 0 many times have the same count.
            #expect(abs(profile.expectedArrivals(untilSeconds: found) - count) < 1e-6)
            time += 0.37
        }
        #expect(profile.seconds(ofExpected: 1e6, piece: &piece) == nil)
    }

    @Test func `stages that make no sense are refused by their point`() {
        #expect(throws: RateProfileError.backwards(point: 2)) {
            try stages((0, 0), (30, 500), (20, 500))
        }
        #expect(throws: RateProfileError.lateBeginning) { try stages((1, 0), (30, 500)) }
        #expect(throws: RateProfileError.tooFewPoints) { try stages((0, 100)) }
        #expect(throws: RateProfileError.notANumber(point: 1)) { try stages((0, 1), (5, -1)) }
        #expect(throws: RateProfileError.nothingArrives) { try stages((0, 0), (30, 0)) }
        #expect(throws: RateProfileError.nothingArrives) { try stages((0, 5), (0, 5)) }
    }
}
