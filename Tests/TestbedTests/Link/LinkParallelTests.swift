import Foundation
import Measure
import Testing

@testable import Testbed

/// Several connections at once over one line, beside what Linux's TCP took until the last was done.
@Suite struct LinkParallelTests {
    /// What all connections of a row carry together.
    private static let totalBytes = 16 << 20
    /// Each connection was a process of its own, and a process takes some milliseconds to start. All in
    /// step would be a case that no network knows: the same flow would lose in every round.
    private static let startGap = 0.004

    private func modelled(
        _ control: CongestionControl, roundTrip: Double, mbit: Double, flows: Int
    ) -> Double {
        let overhead = 0.0001
        let events = LinkEvents()
        defer { events.end() }
        let line = Bottleneck(
            bitsPerSecond: mbit * 1e6, queueBytes: max(roundTrip * mbit * 1e6 / 8, 262_144))
        let writes = measuredWrites(Self.totalBytes / flows)
        let share = writes.reduce(0, +)
        var ended: [Double] = []
        let all = (0..<flows).map { _ in
            var arrived = 0
            return Flow(
                events,
                LinkDirection(line, roundTrip: roundTrip, loss: 0, seed: 1, overhead: overhead),
                control, roundTrip: roundTrip + 2 * overhead
            ) { time, count in
                arrived += count
                if arrived == share { ended.append(time) }
            }
        }
        let start = roundTrip + 2 * overhead
        for (index, flow) in all.enumerated() {
            let time = start + Double(index) * Self.startGap
            events.at(time) { writes.forEach { flow.write(time, $0) } }
        }
        events.run { ended.count < flows }
        return (ended.last ?? .infinity) + roundTrip / 2 + 2 * overhead
    }

    @Test func `the model agrees with what was measured of parallel connections`() throws {
        let path = try #require(
            Bundle.module.path(
                forResource: "parallel", ofType: "csv", inDirectory: "Fixtures/link"))
        let table = try CSVDecoder(
            [UInt8](try #require(FileManager.default.contents(atPath: path))))
        let errors = try table.rows.map { row in
            let seconds = modelled(
                try #require(CongestionControl(rawValue: row[0])),
                roundTrip: try #require(Double(row[1])) / 1000, mbit: try #require(Double(row[2])),
                flows: try #require(Int(row[3])))
            let measured = try #require(Double(row[4]))
            print(row[0...3].joined(separator: " "), "kernel", measured, "model", seconds)
            return abs(seconds / measured - 1)
        }.sorted()
        let near = Double(errors.filter { $0 <= 0.1 }.count) / Double(errors.count)
        print(
            String(
                format: "parallel         %4d cells, median error %.1f%%, within 10%%: %.1f%%",
                errors.count, errors[errors.count / 2] * 100, near * 100))
        #expect(errors[errors.count / 2] <= 0.05)
        #expect(near >= 0.85)
    }
}
