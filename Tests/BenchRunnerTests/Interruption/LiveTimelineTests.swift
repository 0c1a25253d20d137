import Measure
import Testing

@testable import BenchRunner

@Suite struct LiveTimelineTests {
    private func sample(endedNs: Int64) -> Sample {
        var sample = Sample()
        (sample.intendedNs, sample.startedNs, sample.endedNs) = (0, 0, endedNs)
        sample.outcome = .success
        return sample
    }

    private func timeline(endedMs: [Int64]) -> Timeline {
        var timeline = Timeline()
        for time in endedMs {
            timeline.record(
                sample(endedNs: time * 1_000_000), sizeBytes: 1, cellStartNs: 0, inFlight: 1)
        }
        return timeline
    }

    @Test func `a second that was handed over is the one that stands in the whole timeline`() {
        var timeline = timeline(endedMs: [100, 900, 1500, 2100])
        let first = timeline.seal(before: 2)
        timeline.finish()
        #expect(first.map(\.uploads) == [2, 1])
        #expect(timeline.seconds.map(\.uploads) == [2, 1, 1])
        #expect(
            first[0].responseUs(atPercentiles: [50])
                == timeline.seconds[0].responseUs(atPercentiles: [50]))
    }

    @Test func `an upload that is told too late counts in the next second and is not lost`() {
        var timeline = timeline(endedMs: [100])
        #expect(timeline.seal(before: 1).map(\.uploads) == [1])
        timeline.record(sample(endedNs: 999_000_000), sizeBytes: 1, cellStartNs: 0, inFlight: 1)
        timeline.finish()
        #expect(timeline.seconds.map(\.uploads) == [1, 1])
        #expect(timeline.seconds[1].responseUs(atPercentiles: [50]).count == 1)
    }

    @Test func `what the end of the run cut off is neither an upload nor an error`() {
        var timeline = timeline(endedMs: [100])
        var cut = sample(endedNs: 200_000_000)
        cut.outcome = .cancelled
        timeline.record(cut, sizeBytes: 1, cellStartNs: 0, inFlight: 1)
        timeline.finish()
        #expect(timeline.seconds.map(\.uploads) == [1])
        #expect(timeline.seconds.map(\.errors) == [0])
    }

    @Test func `nothing is handed over twice, and seconds without an upload are`() {
        var timeline = timeline(endedMs: [100])
        #expect(timeline.seal(before: 3).map(\.uploads) == [1, 0, 0])
        #expect(timeline.seal(before: 3).isEmpty)
        #expect(timeline.seal(before: 4).map(\.uploads) == [0])
    }

    @Test func `a second is complete when every worker is through with it`() {
        let live = LiveTimeline(workers: 2)
        var (fast, slow) = (timeline(endedMs: [100, 1100, 2100]), timeline(endedMs: [200, 1200]))
        live.add(fast.seal(before: 2), worker: 0)
        #expect(live.take().isEmpty)
        live.add(slow.seal(before: 1), worker: 1)
        #expect(live.take().map(\.uploads) == [2])
        #expect(live.take().isEmpty)
        live.add(slow.seal(before: 2), worker: 1)
        #expect(live.take().map(\.uploads) == [2])
    }

    @Test func `a worker that has ended keeps nobody waiting`() {
        let live = LiveTimeline(workers: 2)
        var going = timeline(endedMs: [100, 1100])
        live.add([], worker: 0, isLast: true)
        live.add(going.seal(before: 2), worker: 1)
        #expect(live.take().map(\.uploads) == [1, 1])
        #expect(live.take().isEmpty)
    }
}
