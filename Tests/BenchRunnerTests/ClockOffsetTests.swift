import Measure
import Testing

@testable import BenchRunner

@Suite struct ClockOffsetTests {
    @Test(arguments: [-3.217, -0.4, 0, 0.05, 12.75])
    func `dates in whole seconds bound the offset to about a round trip`(ahead: Double) {
        var random = SeededRandom(seed: 5)
        var offset = ClockOffset()
        var sent = 1_700_000_000.0
        for _ in 0..<60 {
            sent += 0.05 + random.nextUniform() * 0.05
            let roundTrip = 0.01 + random.nextUniform() * 0.02
            let serverTime = sent + roundTrip * random.nextUniform() + ahead
            offset.add(sent: sent, received: sent + roundTrip, date: serverTime.rounded(.down))
        }
        #expect(offset.low <= ahead && ahead <= offset.high)
        #expect(offset.uncertainty < 0.06)
        #expect(offset.contradictions == 0)
    }

    @Test func `a clock that steps is a contradiction, and the new bounds count`() {
        var offset = ClockOffset()
        offset.add(sent: 100.2, received: 100.3, date: 100)
        offset.add(sent: 101.2, received: 101.3, date: 161)
        #expect(offset.contradictions == 1)
        #expect(offset.low > 59)
    }

    @Test func `the date of RFC 9110 is read, another is not`() {
        #expect(ClockOffset.seconds(ofDate: "Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        #expect(ClockOffset.seconds(ofDate: "1994-11-06T08:49:37Z") == nil)
    }
}
