import Measure
import Testing

@testable import BenchRunner

@Suite struct StepJudgeTests {
    private static let second: Int64 = 1_000_000_000

    /// 10 arrivals per second at 50, 150, 250… ms; measured from the second second on.
    private func judge(_ objectives: [ShareObjective]) -> StepJudge {
        let schedule = ArrivalSchedule(
            profile: RateProfile(constant: 10), spacing: .constant, seed: 1)
        return StepJudge(
            objectives, arrivals: schedule.stream(), measureFromNs: Self.second)
    }

    private func late(countsFailures: Bool = true) -> ShareObjective {
        ShareObjective(
            text: "p90 < 200ms", miss: .later(than: 200_000_000), share: 0.1,
            countsFailures: countsFailures)
    }

    private let errors = ShareObjective(text: "errors < 1%", miss: .failed, share: 0.01)

    private func upload(_ index: Int64, milliseconds: Int64, failed: Bool = false) -> StepUpload {
        let time = milliseconds * 1_000_000
        return StepUpload(
            index: index, lateNs: 0, responseNs: failed ? nil : time, endedAfterNs: time)
    }

    @Test func `uploads of the warm-up do not count`() {
        var judge = judge([late()])
        judge.add((0..<20).map { upload($0, milliseconds: $0 < 10 ? 900 : 50) })
        judge.look(atNs: 2 * Self.second, inFlight: 0)
        #expect(judge.evidence[0].count == 10)
        #expect(judge.evidence[0].hits == 0)
    }

    @Test func `quick uploads do not count before a slow one that came earlier`() {
        var judge = judge([late()])
        // The upload of 1.05 s is under way; those after it have ended.
        judge.add((11..<20).map { upload($0, milliseconds: 1) })
        judge.add((0..<10).map { upload($0, milliseconds: 1) })
        judge.look(atNs: Self.second + 200_000_000, inFlight: 1)
        #expect(judge.countedUploads == 0)
        judge.look(atNs: Self.second + 300_000_000, inFlight: 1)
        #expect(judge.evidence[0].hits == 1, "under way for longer than the limit: it is late")
    }

    @Test func `a failed upload is late unless failures have their own objective`() {
        for (countsFailures, expected) in [(true, (10, 5)), (false, (5, 0))] {
            var judge = judge([late(countsFailures: countsFailures), errors])
            judge.add((0..<20).map { upload($0, milliseconds: 5, failed: $0 % 2 == 1) })
            judge.look(atNs: 2 * Self.second, inFlight: 0)
            let evidence = judge.evidence
            #expect(evidence[0].count == expected.0 && evidence[0].hits == expected.1)
            #expect(evidence[1].count == 10 && evidence[1].hits == 5)
        }
    }

    @Test func `what missed only because it started late is told apart`() {
        var judge = judge([late()])
        judge.add(
            (0..<20).map {
                StepUpload(
                    index: $0, lateNs: 150_000_000, responseNs: 250_000_000,
                    endedAfterNs: 250_000_000)
            })
        judge.look(atNs: 2 * Self.second, inFlight: 0)
        #expect(judge.evidence[0].hits == 10)
        #expect(judge.evidenceFromStart[0].hits == 0)
    }

    @Test func `answers are counted against arrivals`() {
        var judge = judge([late()])
        judge.add((0..<40).filter { $0 % 4 != 0 }.map { upload($0, milliseconds: 20) })
        // One under way at a time: what is missing lies across no end of the measured time.
        judge.look(atNs: 4 * Self.second, inFlight: 1)
        let share = judge.answeredShare(untilNs: 4 * Self.second) ?? 0
        #expect(abs(share - 0.75) < 0.05)
        #expect(judge.arrived(untilNs: 4 * Self.second) == 30)
        #expect(!judge.keepsUp(untilNs: 4 * Self.second))
    }

    @Test func `what was cut off at the end is late`() {
        var judge = judge([late()])
        judge.add((0..<15).map { upload($0, milliseconds: 20) })
        judge.finish(atNs: 2 * Self.second)
        #expect(judge.evidence[0].count == 10)
        #expect(judge.evidence[0].hits == 5)
    }

    @Test func `uploads under way that pile up are a trend, those that vary are none`() {
        var rising = InFlightTrend()
        var steady = InFlightTrend()
        var random = SeededRandom(seed: 3)
        for look in 0..<200 {
            rising.add(10 + look / 4, atNs: Int64(look) * 50_000_000)
            steady.add(Int(10 + 6 * random.nextUniform()), atNs: Int64(look) * 50_000_000)
        }
        #expect(rising.isRising)
        #expect(abs((rising.slopePerSecond ?? 0) - 5) < 0.5)
        #expect(!steady.isRising)
    }
}
