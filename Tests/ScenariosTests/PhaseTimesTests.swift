import Scenarios
import Testing
import Transfer

@Suite struct PhaseTimesTests {
    private func timings(
        _ startNs: Int64, _ endNs: Int64, send: Range<Int64>? = nil, firstByte: Int64 = 0
    ) -> Timings {
        var timings = Timings()
        (timings.startedNs, timings.endedNs, timings.firstByteNs) = (startNs, endNs, firstByte)
        (timings.sendStartNs, timings.sendEndNs) = (send?.lowerBound ?? 0, send?.upperBound ?? 0)
        return timings
    }

    /// Each row: requests in the order of their ends, and how long their phase took.
    @Test(
        arguments: [
            ([(0, 10)], 10),
            ([(0, 10), (10, 15)], 15),
            ([(0, 10), (11, 20)], 20),
            ([(0, 10), (0, 12)], 12),
            // The slowest of the first window ends last, long after others have come and gone.
            ([(0, 10), (11, 20), (21, 22), (0, 25)], 25),
            ([(5, 10), (11, 20), (7, 21)], 16),
        ] as [([(Int64, Int64)], Int64)])
    func `a phase is from its first start to its last end`(
        _ requests: [(Int64, Int64)], _ lengthNs: Int64
    ) {
        var times = PhaseTimes()
        for (start, end) in requests { times.add(.upload, carriesFile: true, timings(start, end)) }
        #expect(times.uploadNs == lengthNs)
        #expect(times.authorizeNs == nil)
        #expect(times.notifyNs == nil)
    }

    @Test func `phases are kept apart`() {
        var times = PhaseTimes()
        times.add(.authorize, carriesFile: false, timings(0, 3))
        times.add(.upload, carriesFile: true, timings(3, 8))
        times.add(.notify, carriesFile: false, timings(8, 20))
        #expect(times.authorizeNs == 3)
        #expect(times.uploadNs == 5)
        #expect(times.notifyNs == 12)
    }

    @Test func `sending and waiting are the file's, not the completion's`() {
        var times = PhaseTimes()
        times.add(.upload, carriesFile: true, timings(0, 60, send: 10..<50, firstByte: 58))
        times.add(.upload, carriesFile: true, timings(0, 90, send: 20..<70, firstByte: 88))
        times.add(.upload, carriesFile: false, timings(90, 200, send: 91..<92, firstByte: 199))
        #expect(times.sendNs == 60)
        #expect(times.waitNs == 18)
        #expect(times.uploadNs == 200)
    }

    @Test func `what did not happen has no time`() {
        var times = PhaseTimes()
        times.add(.upload, carriesFile: true, timings(0, 5))
        #expect(times.sendNs == nil)
        #expect(times.waitNs == nil)
        times.add(.upload, carriesFile: true, timings(5, 9, send: 6..<8))
        #expect(times.sendNs == 2)
        #expect(times.waitNs == nil)
    }
}
