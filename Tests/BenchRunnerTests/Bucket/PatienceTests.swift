import Testing

@testable import BenchRunner

@Suite struct PatienceTests {
    /// Nanoseconds, as the test says.
    private final class Clock {
        var now: Int64 = 1_000
    }

    private func isExhausted(_ patience: inout Patience) -> Bool {
        patience.isExhausted(afterInterrupt: 50)
    }

    @Test("it ends when the limit is over, and begins anew with what comes")
    func limit() {
        let clock = Clock()
        var patience = Patience(limitNs: 100) { clock.now }
        clock.now += 100
        #expect(!patience.isExhausted)
        clock.now += 1
        #expect(patience.isExhausted)
        patience.renew()
        #expect(!patience.isExhausted)
    }

    @Test("after an interrupt the time counts from the first question on")
    func interrupt() {
        let clock = Clock()
        var patience = Patience(limitNs: .max) { clock.now }
        clock.now += 500
        #expect(!isExhausted(&patience))
        clock.now += 50
        #expect(!isExhausted(&patience))
        clock.now += 1
        #expect(isExhausted(&patience))
    }

    @Test("after an interrupt, too, what comes buys time")
    func renewed() {
        let clock = Clock()
        var patience = Patience(limitNs: .max) { clock.now }
        #expect(!isExhausted(&patience))
        clock.now += 40
        patience.renew()
        clock.now += 40
        #expect(!isExhausted(&patience))
        clock.now += 11
        #expect(isExhausted(&patience))
    }
}
