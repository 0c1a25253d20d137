import Foundation
import Synchronization
import Testing

@testable import Testbed

@Suite struct LinkModelTests {
    @Test func `the model agrees with what was measured of Linux's TCP`() throws {
        let cells = try GroundTruthCell.load()
        let results = Mutex(
            [(seconds: Double, overflows: Bool)?](repeating: nil, count: cells.count))
        DispatchQueue.concurrentPerform(iterations: cells.count) { index in
            let result = cells[index].modelled()
            results.withLock { $0[index] = result }
        }
        var errors = LinkErrors()
        for (cell, result) in zip(cells, results.withLock { $0 }) {
            let (seconds, overflows) = try #require(result)
            let kind =
                cell.loss > 0
                ? "lossy" : overflows ? "overflowing" : cell.isRepeatable ? "clean" : "short"
            errors.add(seconds / cell.measured - 1, ["all \(kind)", "\(kind): \(cell.group)"])
            errors.add(seconds / cell.measured - 1, cell.traits.map { "\(kind): \($0)" })
        }
        print(errors.table)
        let clean = try #require(errors.groups["all clean"])
        #expect(clean.median <= 0.005)
        #expect(clean.share(within: 0.1) >= 0.95)
        let overflowing = try #require(errors.groups["all overflowing"])
        #expect(overflowing.median <= 0.02)
        #expect(overflowing.share(within: 0.1) >= 0.85)
        let lossy = try #require(errors.groups["all lossy"])
        #expect(lossy.median <= 0.03)
        #expect(lossy.share(within: 0.25) >= 0.87)
    }

    /// The time of one upload over fresh connections: straight, or over an edge that hands on what
    /// comes in over a warm connection.
    private func uploadSeconds(
        _ profile: LinkProfile, bytes: Int, isAccelerated: Bool
    ) -> Double {
        let events = LinkEvents()
        defer { events.end() }
        let leg: LinkLeg = isAccelerated ? .clientEdge : .clientStore
        let near = profile.parameters(leg)
        let far = profile.parameters(.edgeStore)
        func direction(_ parameters: LinkParameters) -> LinkDirection {
            LinkDirection(
                Bottleneck(
                    bitsPerSecond: parameters.upMbit * 1e6,
                    queueBytes: parameters.queue(parameters.upMbit)),
                roundTrip: parameters.roundTrip, loss: 0, seed: 1)
        }
        var arrived = 0
        var doneAt = 0.0
        let onward = Flow(events, direction(far), .cubic, roundTrip: far.roundTrip) { time, count in
            arrived += count
            if arrived >= bytes { doneAt = time }
        }
        onward.open(windowBytes: far.warmWindow)
        let first = Flow(events, direction(near), .cubic, roundTrip: near.roundTrip) {
            time, count in
            if isAccelerated { return onward.write(time, count) }
            arrived += count
            if arrived >= bytes { doneAt = time }
        }
        events.at(near.roundTrip) { first.write(near.roundTrip, bytes) }
        events.run { doneAt == 0 }
        return doneAt + near.roundTrip / 2 + (isAccelerated ? far.roundTrip / 2 : 0)
    }

    @Test(arguments: [("cross-continent", 4 << 20), ("far", 4 << 20), ("far", 64 << 10)])
    func `acceleration wins for a client that is far`(_ name: String, _ bytes: Int) throws {
        let profile = try #require(try LinkProfile.parse(name))
        let direct = uploadSeconds(profile, bytes: bytes, isAccelerated: false)
        let accelerated = uploadSeconds(profile, bytes: bytes, isAccelerated: true)
        #expect(direct / accelerated > 1.5)
    }

    @Test(arguments: [64 << 10, 4 << 20])
    func `acceleration buys nothing for a client near the region`(_ bytes: Int) throws {
        let profile = try #require(try LinkProfile.parse("rtt=5ms,edge-rtt=5ms,up=500mbit"))
        let direct = uploadSeconds(profile, bytes: bytes, isAccelerated: false)
        let accelerated = uploadSeconds(profile, bytes: bytes, isAccelerated: true)
        #expect(direct / accelerated < 1.05)
    }

    @Test func `a known case by hand: 16 KiB over 80 ms take three round trips`() throws {
        // Handshake, then two rounds: 16 KiB is more than ten segments.
        let profile = try #require(try LinkProfile.parse("rtt=80ms,up=100mbit,down=100mbit"))
        let seconds = uploadSeconds(profile, bytes: 16_400, isAccelerated: false)
        #expect((0.240...0.246).contains(seconds))
    }

    /// The time of 1 MiB after 20 kB and a pause on the same connection.
    private func secondRequest(pause: Double, restarts: Bool = true) -> Double {
        let events = LinkEvents()
        defer { events.end() }
        let line = Bottleneck(bitsPerSecond: 500e6, queueBytes: nil)
        var wanted = 20_000
        var lastAt = 0.0
        let flow = Flow(
            events, LinkDirection(line, roundTrip: 0.08, loss: 0, seed: 1), .cubic, roundTrip: 0.08
        ) { time, count in
            wanted -= count
            lastAt = time
        }
        flow.write(0, wanted)
        events.run { wanted > 0 }
        let start = lastAt + 0.04
        events.run(until: start)
        flow.rest(seconds: pause, restarts: restarts)
        wanted = 1 << 20
        events.at(start + pause) { flow.write(start + pause, 1 << 20) }
        events.run { wanted > 0 }
        return lastAt - start - pause
    }

    @Test func `a pause shorter than the retransmission time-out changes nothing`() {
        // Of a handshake, a preflight or an answer: 80 ms and four times their variation, 200 ms at least.
        let atOnce = secondRequest(pause: 0)
        #expect(abs(secondRequest(pause: 0.08) - atOnce) < 1e-9)
        #expect(abs(secondRequest(pause: 0.2) - atOnce) < 1e-9)
        // Slow start from about twenty segments: 1 MiB in six round trips at most.
        #expect(atOnce < 0.5)
    }

    @Test func `after a long silence the window starts anew`() {
        let atOnce = secondRequest(pause: 0)
        #expect(secondRequest(pause: 3) > atOnce + 0.07)
        #expect(abs(secondRequest(pause: 3, restarts: false) - atOnce) < 1e-9)
    }

    @Test(arguments: CongestionControl.allCases)
    func `a connection that was busy before takes 256 KiB in one trip`(
        _ control: CongestionControl
    ) {
        let events = LinkEvents()
        defer { events.end() }
        let line = Bottleneck(bitsPerSecond: 1e9, queueBytes: nil)
        var doneAt = 0.0
        var left = 256 << 10
        let flow = Flow(
            events, LinkDirection(line, roundTrip: 0.07, loss: 0, seed: 1), control,
            roundTrip: 0.07
        ) { time, count in
            left -= count
            doneAt = time
        }
        flow.open(windowBytes: 3.6e6)
        flow.write(0, left)
        events.run { left > 0 }
        // Half the round trip, and 2.2 ms on the line; BBR sends at the rate that the window stood for.
        #expect((0.035...0.045).contains(doneAt))
    }

    @Test func `the flows of a line share its rate`() throws {
        let events = LinkEvents()
        defer { events.end() }
        let bottleneck = Bottleneck(bitsPerSecond: 20e6, queueBytes: 262_144)
        var doneAt = [0.0, 0.0]
        let flows = (0..<2).map { index in
            var arrived = 0
            return Flow(
                events, LinkDirection(bottleneck, roundTrip: 0.02, loss: 0, seed: 1), .cubic,
                roundTrip: 0.02
            ) { time, count in
                arrived += count
                if arrived >= 2_500_000 { doneAt[index] = time }
            }
        }
        flows.forEach { $0.write(0, 2_500_000) }
        events.run { doneAt.contains(0) }
        // 5 MB at 20 Mbit/s are 2 s and the headers.
        let last = try #require(doneAt.max())
        #expect((2.0...2.4).contains(last))
    }
}

@Suite struct LinkProfileTests {
    @Test(arguments: ["metro", "same-region", "cross-continent", "far", "mobile"])
    func `every profile of the file is known by its name`(_ name: String) throws {
        let profile = try #require(try LinkProfile.parse(name))
        #expect(profile.region.roundTripMs > 0)
        #expect(profile.edgeRoundTripMs <= profile.region.roundTripMs)
    }

    @Test func `loopback is no emulation`() throws {
        #expect(try LinkProfile.parse("loopback") == nil)
    }

    @Test func `numbers stand for themselves or change a profile`() throws {
        let own = try #require(
            try LinkProfile.parse("rtt=80ms,down=100mbit,up=20mbit,loss=0.1%,cc=bbr"))
        #expect(own.region.roundTripMs == 80)
        #expect(own.region.upMbit == 20)
        #expect(own.region.downMbit == 100)
        #expect(abs(own.region.loss - 0.001) < 1e-12)
        #expect(own.region.congestionControl == "bbr")
        #expect(own.edgeRoundTripMs == 10)
        let changed = try #require(try LinkProfile.parse("far,up=5mbit"))
        #expect(changed.region.upMbit == 5)
        #expect(changed.region.roundTripMs == 230)
    }

    @Test(
        arguments: [
            ("farr", "one of loopback, metro"), ("rtt=80", "80ms"), ("up=fast", "20mbit"),
            ("loss=90%", "0.1%"), ("speed=3", "'speed' is no part"),
            ("cc=vegas", "cubic, reno or bbr"),
            ("far,", "NAME=VALUE"), ("", "is no link"), ("rtt=1e400ms", "80ms"),
        ])
    func `what is wrong is named with what could stand there`(_ text: String, _ hint: String) {
        let error = #expect(throws: LinkProfileError.self) { try LinkProfile.parse(text) }
        #expect(error?.description.contains(hint) == true)
    }
}
