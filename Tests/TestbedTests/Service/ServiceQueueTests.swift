import Foundation
import Measure
import Testing

@testable import Testbed

/// Poisson arrivals in virtual time, against theory.
@Suite struct ServiceQueueTests {
    private static let count = 300_000

    /// Sojourn times in seconds, the first tenth left out.
    private func sojourns(_ service: ServiceTime, arrivalsPerSecond: Double) -> [Double] {
        var queue = ServiceQueue(service, seed: 11)
        var random = SeededRandom(seed: 12)
        var now = 0.0
        let times = (0..<Self.count).map { _ in
            now += random.nextExponential() / arrivalsPerSecond
            let arrivalNs = Int64(now * 1e9)
            return Double(queue.end(ofArrivalAt: arrivalNs) - arrivalNs) / 1e9
        }
        return times.dropFirst(Self.count / 10).sorted()
    }

    private func expect(
        _ times: [Double], mean: Double, _ tail: (Double) -> Double, _ note: Comment
    ) {
        let measured = times.reduce(0, +) / Double(times.count)
        #expect(abs(measured / mean - 1) < 0.03, note)
        for (quantile, tolerance) in [(0.5, 0.03), (0.9, 0.04), (0.99, 0.06)] {
            let expected = QueueTheory.time(atQuantile: quantile, tail)
            let found = times[Int(quantile * Double(times.count))]
            #expect(abs(found / expected - 1) < tolerance, note)
        }
    }

    @Test(arguments: [40.0, 70, 85])
    func `one server with exponential times keeps to M/M/1`(arrivals: Double) {
        let service = ServiceTime(.exponential, meanNs: 10_000_000, servers: 1)
        expect(
            sojourns(service, arrivalsPerSecond: arrivals), mean: 1 / (100 - arrivals),
            { exp(-(100 - arrivals) * $0) }, "M/M/1 at \(arrivals)/s of 100/s")
    }

    @Test(arguments: [40.0, 70, 85])
    func `one server with a fixed time keeps to M/D/1`(arrivals: Double) {
        let service = ServiceTime(meanNs: 10_000_000, servers: 1)
        expect(
            sojourns(service, arrivalsPerSecond: arrivals),
            mean: QueueTheory.deterministicMean(arrivals: arrivals, service: 0.01),
            { QueueTheory.deterministicTail($0, arrivals: arrivals, service: 0.01) },
            "M/D/1 at \(arrivals)/s of 100/s")
    }

    @Test(arguments: [(2, 150.0), (4, 320), (16, 1400)])
    func `several servers keep to M/M/c`(servers: Int, arrivals: Double) {
        let service = ServiceTime(.exponential, meanNs: 10_000_000, servers: servers)
        expect(
            sojourns(service, arrivalsPerSecond: arrivals),
            mean: QueueTheory.exponentialMean(arrivals: arrivals, rate: 100, servers: servers),
            {
                QueueTheory.exponentialTail($0, arrivals: arrivals, rate: 100, servers: servers)
            }, "M/M/\(servers) at \(arrivals)/s")
    }

    @Test func `without a number of servers nobody waits`() {
        var queue = ServiceQueue(ServiceTime(meanNs: 500), seed: 1)
        #expect((0..<100).allSatisfy { _ in queue.end(ofArrivalAt: 7) == 507 })
    }

    @Test func `the next service starts at the end that was set for the one before`() {
        var queue = ServiceQueue(ServiceTime(meanNs: 100, servers: 1), seed: 1)
        let ends = [0, 10, 20, 500].map { queue.end(ofArrivalAt: $0) }
        #expect(ends == [100, 200, 300, 600])
    }

    @Test func `two servers share one line`() {
        var queue = ServiceQueue(ServiceTime(meanNs: 100, servers: 2), seed: 1)
        let ends = [0, 10, 20, 30].map { queue.end(ofArrivalAt: $0) }
        #expect(ends == [100, 110, 200, 210])
    }

    @Test func `the seed decides the times`() {
        let service = ServiceTime(.exponential, meanNs: 1000, servers: 1)
        func ends(_ seed: UInt64) -> [Int64] {
            var queue = ServiceQueue(service, seed: seed)
            return (0..<50).map { queue.end(ofArrivalAt: Int64($0)) }
        }
        #expect(ends(3) == ends(3))
        #expect(ends(3) != ends(4))
    }
}
