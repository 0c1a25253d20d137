import Foundation
import Measure
import Testing

@testable import Testbed

/// Uploads through a relay that hands on what comes in, beside what Linux's TCP took.
@Suite struct LinkRelayTests {
    private struct Row {
        let control: CongestionControl
        let near: LinkParameters
        let far: LinkParameters
        let size: Int
        let measured: Double
    }

    /// Fresh connections to a relay with warm ones behind it.
    private func rows() throws -> [Row] {
        let path = try #require(
            Bundle.module.path(forResource: "relay", ofType: "csv", inDirectory: "Fixtures/link"))
        let table = try CSVDecoder(
            [UInt8](try #require(FileManager.default.contents(atPath: path))))
        return try table.rows.filter { $0[4] == "cut" && $0[5] == "fresh" }.map { row in
            let mbit = try #require(Double(row[3]))
            let leg = { (ms: Double) in
                LinkParameters(roundTripMs: ms, upMbit: mbit, downMbit: mbit)
            }
            return Row(
                control: try #require(CongestionControl(rawValue: row[0])),
                near: leg(try #require(Double(row[1]))), far: leg(try #require(Double(row[2]))),
                size: try #require(Int(row[6])), measured: try #require(Double(row[7])))
        }
    }

    private func modelled(_ row: Row) -> Double {
        let events = LinkEvents()
        defer { events.end() }
        func direction(_ parameters: LinkParameters) -> LinkDirection {
            LinkDirection(
                Bottleneck(
                    bitsPerSecond: parameters.upMbit * 1e6,
                    queueBytes: parameters.queue(parameters.upMbit)),
                roundTrip: parameters.roundTrip, loss: 0, seed: 1, overhead: 0.0001)
        }
        var needed = 4 << 20
        var doneAt: Double?
        let onward = Flow(events, direction(row.far), row.control, roundTrip: row.far.roundTrip) {
            time, count in
            needed -= count
            if needed <= 0, doneAt == nil { doneAt = time }
        }
        // What warmed the connection.
        measuredWrites(needed - 16).forEach { onward.write(0, $0) }
        events.run { doneAt == nil }
        let start = (doneAt ?? 0) + 1
        events.run(until: start)
        (needed, doneAt) = (row.size + 16, nil)
        let first = Flow(events, direction(row.near), row.control, roundTrip: row.near.roundTrip) {
            time, count in onward.write(time, count)
        }
        let opened = start + row.near.roundTrip + 0.0002
        events.at(opened) { measuredWrites(row.size).forEach { first.write(opened, $0) } }
        events.run { doneAt == nil }
        let answer = row.near.roundTrip / 2 + row.far.roundTrip / 2 + 0.0004
        return (doneAt ?? .infinity) + answer - start
    }

    @Test func `the model agrees with what was measured through a relay`() throws {
        var errors = LinkErrors()
        for row in try rows() {
            errors.add(
                modelled(row) / row.measured - 1,
                ["all relays", "relay: \(row.control.rawValue)", "relay: \(row.size) B"])
        }
        print(errors.table)
        let all = try #require(errors.groups["all relays"])
        #expect(all.median <= 0.02)
        #expect(all.share(within: 0.1) >= 0.95)
    }
}
