import Testing

@testable import Testbed

/// Which requests are struck: decided by the seed alone.
@Suite struct FaultDrawTests {
    private func strikes(
        _ faults: [Fault], of role: FaultRole = .store, seed: UInt64 = 1, count: Int = 2000
    ) -> [String] {
        var draw = FaultDraw(faults, of: role, seed: seed)
        return (0..<count).map { _ in draw.next()?.names ?? "" }
    }

    private let some = [Fault(.reset, share: 0.05), Fault(.status(503), share: 0.2)]

    @Test func `the same seed strikes the same requests`() {
        #expect(strikes(some, seed: 7) == strikes(some, seed: 7))
        #expect(strikes(some, seed: 7) != strikes(some, seed: 8))
        #expect(strikes(some, of: .gateway) != strikes(some, of: .store))
    }

    @Test func `a fault strikes the same requests whatever others there are`() {
        let alone = strikes([some[1]]).map { $0.contains("503") }
        #expect(strikes(some).map { $0.contains("503") } == alone)
        #expect(strikes(some.reversed()).map { $0.contains("503") } == alone)
    }

    /// Four standard deviations of a binomial count.
    @Test(arguments: [0.001, 0.01, 0.2, 0.5])
    func `the share of struck requests is the one asked for`(_ share: Double) {
        let count = 100_000
        let struck = strikes([Fault(.reset, share: share)], count: count).count { !$0.isEmpty }
        let deviation = (Double(count) * share * (1 - share)).squareRoot()
        #expect(abs(Double(struck) - Double(count) * share) < 4 * deviation)
    }

    @Test func `none or all are struck at the ends`() {
        #expect(strikes([Fault(.reset, share: 0)]).allSatisfy { $0.isEmpty })
        #expect(strikes([Fault(.reset)]).allSatisfy { $0 == "reset" })
    }

    @Test func `of faults that end a request the first named counts, delays add up`() throws {
        var draw = FaultDraw(
            [
                Fault(.stall(ns: 5)), Fault(.reset), Fault(.status(503)),
                Fault(.slowRead(bytesPerSecond: 9)), Fault(.truncate), Fault(.resetAnswer),
                Fault(.corruptETag), Fault(.stallAnswer(ns: 6)),
            ], of: .store, seed: 1)
        let next = draw.next()
        let strike = try #require(next)
        #expect(strike.refusal == .reset)
        #expect(strike.breakPoint == .insideAnswer)
        #expect(strike.stallNs == 5)
        #expect(strike.answerStallNs == 6)
        #expect(strike.bytesPerSecond == 9)
        #expect(strike.corruptsETag)
    }
}
