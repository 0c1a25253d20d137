import CLinux
import Foundation
import Glibc
import NetIO
import Testing

/// Two ends of a socket pair.
private final class Pair {
    let near: Int32
    let far: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, clinux_SOCK_STREAM | clinux_SOCK_NONBLOCK, 0, &ends) == 0 else {
            throw SystemError(operation: "socketpair")
        }
        (near, far) = (ends[0], ends[1])
    }

    deinit {
        close(near)
        close(far)
    }

    func say() { _ = write(far, "x", 1) }
    func hear() {
        var byte: UInt8 = 0
        _ = read(near, &byte, 1)
    }
}

private final class Recorder: EventSource {
    var seen: [Readiness] = []
    var react: () -> Void = {}

    func ready(_ readiness: Readiness) {
        seen.append(readiness)
        react()
    }
}

@Suite struct EventLoopTests {
    @Test func `a source is told of what it asked for, until it is removed`() throws {
        let loop = try EventLoop()
        defer { loop.end() }
        let pair = try Pair()
        let recorder = Recorder()
        try loop.watch(pair.near, for: .readable, source: recorder)
        pair.say()
        loop.turn()
        #expect(recorder.seen == [.readable])
        loop.unwatch(pair.near)
        loop.schedule(afterNs: 0) {}
        loop.turn()
        #expect(recorder.seen.count == 1)
    }

    @Test func `changes are told once`() throws {
        let loop = try EventLoop()
        defer { loop.end() }
        let pair = try Pair()
        let recorder = Recorder()
        try loop.watch(pair.near, for: [.readable, .edgeTriggered], source: recorder)
        pair.say()
        loop.turn()
        loop.schedule(afterNs: 0) {}
        loop.turn()
        #expect(recorder.seen.count == 1)
        pair.say()
        loop.turn()
        #expect(recorder.seen.count == 2)
    }

    @Test func `an event of a closed descriptor does not reach the one that reuses its number`()
        throws
    {
        let loop = try EventLoop()
        defer { loop.end() }
        let first = try Pair()
        let second = try Pair()
        let newcomer = Recorder()
        var reused: Int32 = -1
        func replace(_ old: Int32) {
            guard reused < 0 else { return }
            loop.unwatch(old)
            // The same number, at once, for another description.
            let other = open("/dev/null", O_RDONLY)
            dup2(other, old)
            close(other)
            reused = old
            var ends: [Int32] = [-1, -1]
            socketpair(AF_UNIX, clinux_SOCK_STREAM, 0, &ends)
            dup2(ends[0], old)
            close(ends[0])
            try? loop.watch(old, for: .readable, source: newcomer)
        }
        let recorders = [Recorder(), Recorder()]
        recorders[0].react = { replace(second.near) }
        recorders[1].react = { replace(first.near) }
        try loop.watch(first.near, for: .readable, source: recorders[0])
        try loop.watch(second.near, for: .readable, source: recorders[1])
        first.say()
        second.say()
        loop.turn()
        #expect(reused >= 0)
        #expect(recorders[0].seen.count + recorders[1].seen.count == 1)
        #expect(newcomer.seen.isEmpty)
    }

    @Test func `an alarm that comes due in a busy turn is not kept waiting for its end`() throws {
        let loop = try EventLoop()
        defer { loop.end() }
        let pairs = try (0..<3).map { _ in try Pair() }
        var order: [String] = []
        loop.onAlarm = {
            order.append("alarm")
            loop.alarmNs = .max
        }
        let recorders = pairs.map { _ in Recorder() }
        for (pair, recorder) in zip(pairs, recorders) {
            recorder.react = {
                // The first source takes long enough for the alarm to come due.
                if order.isEmpty { loop.alarmNs = clinux_monotonic_ns() }
                order.append("source")
            }
            try loop.watch(pair.near, for: .readable, source: recorder)
            pair.say()
        }
        loop.turn()
        #expect(order == ["source", "alarm", "source", "source"])
    }

    @Test func `an alarm ends the wait, never before its time, and is due until it is set anew`()
        throws
    {
        let loop = try EventLoop()
        defer { loop.end() }
        let time = clinux_monotonic_ns() + 2_000_000
        var calls = 0
        loop.alarmNs = time
        loop.spinNs = 500_000
        loop.onAlarm = {
            #expect(clinux_monotonic_ns() >= time)
            calls += 1
            if calls == 2 { loop.alarmNs = .max }
        }
        while calls < 2 { loop.turn() }
        loop.schedule(afterNs: 0) {}
        loop.turn()
        #expect(calls == 2)
        #expect(loop.spunNs < 50_000_000)
    }

    @Test func `a loop is free for what ends before its alarm`() throws {
        let loop = try EventLoop()
        defer { loop.end() }
        #expect(loop.isFree(forNs: .max))
        loop.alarmNs = clinux_monotonic_ns() + 60_000_000_000
        #expect(loop.isFree(forNs: 1_000_000))
        #expect(!loop.isFree(forNs: 60_000_000_000))
        loop.alarmNs = 0
        #expect(!loop.isFree(forNs: 0))
    }

    @Test func `another turn comes after what is ready`() throws {
        let loop = try EventLoop()
        defer { loop.end() }
        let pair = try Pair()
        var order: [String] = []
        let busy = Recorder()
        busy.react = { order.append("busy") }
        let other = Recorder()
        other.react = { order.append("other") }
        try loop.watch(pair.near, for: .readable, source: other)
        pair.say()
        loop.again(busy)
        loop.turn()
        #expect(order == ["other", "busy"])
        #expect(busy.seen == [[]])
    }

    @Test func `timers run in the order of their times, and not before them`() throws {
        let loop = try EventLoop()
        defer { loop.end() }
        let start = clinux_monotonic_ns()
        var order: [Int] = []
        for delay in [3, 1, 2, 1, 0] {
            loop.schedule(atNs: start + Int64(delay) * 1_000_000) {
                order.append(delay)
                #expect(clinux_monotonic_ns() >= start + Int64(delay) * 1_000_000)
                if order.count == 5 { loop.stop() }
            }
        }
        loop.run()
        #expect(order == [0, 1, 1, 2, 3])
    }

    @Test func `a cancelled timer does not run, and an old name cancels nothing else`() throws {
        let loop = try EventLoop()
        defer { loop.end() }
        var ran: [String] = []
        let first = loop.schedule(afterNs: 0) { ran.append("first") }
        loop.cancel(first)
        loop.schedule(afterNs: 0) { ran.append("second") }
        loop.cancel(first)
        loop.turn()
        #expect(ran == ["second"])
    }

    @Test func `timers that are cancelled in any order leave the others in order`() throws {
        let loop = try EventLoop()
        defer { loop.end() }
        let start = clinux_monotonic_ns()
        var random = SystemRandomNumberGenerator()
        var ran: [Int64] = []
        var timers: [(TimerID, Int64)] = []
        for _ in 0..<500 {
            let time = start + Int64.random(in: 0..<1_000_000, using: &random)
            timers.append((loop.schedule(atNs: time) { ran.append(time) }, time))
        }
        timers.shuffle()
        for (timer, _) in timers.prefix(250) { loop.cancel(timer) }
        while ran.count < 250 { loop.turn() }
        #expect(ran == timers.dropFirst(250).map(\.1).sorted())
    }

    @Test func `a loop that was ended is let go of by what it held`() throws {
        weak var left: EventLoop?
        try {
            let loop = try EventLoop()
            left = loop
            loop.schedule(afterNs: .max) { loop.stop() }
            loop.onAlarm = { loop.stop() }
            loop.end()
        }()
        #expect(left == nil)
    }

    @Test func `a timer that sets itself again with no delay does not stop the loop`() throws {
        let loop = try EventLoop()
        defer { loop.end() }
        var runs = 0
        func again() {
            runs += 1
            loop.schedule(afterNs: 0, again)
        }
        again()
        for _ in 0..<5 { loop.turn() }
        #expect(runs <= 6)
    }

    @Test func `work from other threads runs on the loop`() throws {
        let loop = try EventLoop()
        defer { loop.end() }
        let poster = loop.poster
        let total = Total()
        for _ in 0..<4 {
            Thread { for _ in 0..<1000 { poster.post { total.count += 1 } } }.start()
        }
        while total.count < 4000 { loop.turn() }
        #expect(total.count == 4000)
    }

    @Test func `waiting is fine to the microsecond, not to the millisecond`() throws {
        let loop = try EventLoop()
        defer { loop.end() }
        var best = Int64.max
        for _ in 0..<20 {
            let due = clinux_monotonic_ns() + 200_000
            var ran: Int64 = 0
            loop.schedule(atNs: due) { ran = clinux_monotonic_ns() }
            while ran == 0 { loop.turn() }
            best = min(best, ran - due)
        }
        #expect(best < 700_000)
    }
}

/// `@unchecked Sendable`: only touched on the loop's thread.
private final class Total: @unchecked Sendable {
    var count = 0
}
