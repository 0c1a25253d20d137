import CLinux
import Foundation
import Measure
import NetIO

/// What this machine takes for nothing: the floor under every figure of a run. Measured in about
/// half a second before it.
struct SelfCheck: Sendable {
    /// A byte to another thread and back over a TCP connection on the loopback interface.
    let roundTrip: Spread
    /// How late a start of the open model comes: sleeping, then looking at the clock.
    let start: Spread
    /// How late a thread wakes up that only sleeps.
    let timer: Spread

    struct Spread: Sendable {
        let count: Int
        let p50Us: Double
        let p99Us: Double

        init?(_ nanoseconds: [Int64]) {
            guard !nanoseconds.isEmpty else { return nil }
            let sorted = nanoseconds.sorted()
            count = sorted.count
            let at = { (share: Double) in
                Double(sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]) / 1000
            }
            (p50Us, p99Us) = (at(0.5), at(0.99))
        }
    }

    /// nil when the machine does not even let it measure; the run then says so itself.
    static func measure() -> SelfCheck? {
        guard let roundTrip = Spread(LoopbackRoundTrips.measure()),
            let start = Spread(WakeUps.latenesses(spinNs: OpenStarts.longestSpinNs)),
            let timer = Spread(WakeUps.latenesses(spinNs: 0))
        else { return nil }
        return SelfCheck(roundTrip: roundTrip, start: start, timer: timer)
    }

    var line: String {
        let text = { (spread: Spread) in
            "\(Readable.microseconds(spread.p50Us)) (p99 \(Readable.microseconds(spread.p99Us)))"
        }
        return "self-check: loopback round trip \(text(roundTrip)); scheduled starts late by"
            + " \(text(start)), by the timer alone \(text(timer))"
    }

    var object: [String: Any] {
        [
            "loopback_round_trip": roundTrip.object, "start_lateness": start.object,
            "timer_lateness": timer.object,
        ]
    }
}

extension SelfCheck.Spread {
    fileprivate var object: [String: Any] {
        ["count": count, "p50_us": p50Us, "p99_us": p99Us]
    }
}

/// Times of wake-ups that were asked for each millisecond.
private enum WakeUps {
    private static let count = 120
    private static let periodNs: Int64 = 1_000_000

    static func latenesses(spinNs: Int64) -> [Int64] {
        guard let loop = try? EventLoop() else { return [] }
        var latenesses: [Int64] = []
        latenesses.reserveCapacity(count)
        loop.spinNs = spinNs
        loop.alarmNs = monotonicNs() + periodNs
        loop.onAlarm = {
            latenesses.append(monotonicNs() - loop.alarmNs)
            loop.alarmNs += periodNs
            if latenesses.count == count { loop.stop() }
        }
        // The setting is the thread's: a worker has it too.
        let thread = DispatchGroup()
        thread.enter()
        let started: Void? = try? SystemThread.start {
            clinux_set_timer_slack(1)
            loop.run()
            thread.leave()
        }
        guard started != nil else { return [] }
        thread.wait()
        loop.onAlarm = {}
        return latenesses
    }
}

/// A client and an echo on 127.0.0.1.
private enum LoopbackRoundTrips {
    private static let warmUp = 50
    private static let count = 1000
    private static let timeLimitNs: Int64 = 250_000_000

    static func measure() -> [Int64] {
        guard let (client, server) = connectedPair() else { return [] }
        let echo = DispatchGroup()
        echo.enter()
        let started: Void? = try? SystemThread.start {
            var byte: UInt8 = 0
            while read(server, &byte, 1) == 1, write(server, &byte, 1) == 1 {}
            close(server)
            echo.leave()
        }
        guard started != nil else {
            close(client)
            close(server)
            return []
        }
        let times = roundTrips(client)
        close(client)
        echo.wait()
        return times
    }

    private static func roundTrips(_ client: Int32) -> [Int64] {
        var times: [Int64] = []
        times.reserveCapacity(count)
        var byte: UInt8 = 1
        let end = monotonicNs() + timeLimitNs
        for index in 0..<(warmUp + count) {
            let began = monotonicNs()
            guard began < end, write(client, &byte, 1) == 1, read(client, &byte, 1) == 1 else {
                break
            }
            if index >= warmUp { times.append(monotonicNs() - began) }
        }
        return times
    }

    private static func connectedPair() -> (client: Int32, server: Int32)? {
        let kind = clinux_SOCK_STREAM | clinux_SOCK_CLOEXEC
        let (listener, client) = (socket(AF_INET, kind, 0), socket(AF_INET, kind, 0))
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 1) == 0
                    && getsockname(listener, address, &length) == 0
                    && connect(client, address, length) == 0
            }
        }
        let server = isConnected ? accept4(listener, nil, nil, clinux_SOCK_CLOEXEC) : -1
        guard server >= 0 else {
            close(client)
            return nil
        }
        var on: Int32 = 1
        for end in [client, server] { setsockopt(end, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4) }
        return (client, server)
    }
}
