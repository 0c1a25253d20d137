import NetIO

/// What happens when on the emulated network. Events run in the order of their times, in virtual time
/// as fast as they can be computed, in real time when they come due. An event runs at the time that it
/// was planned for, however late the thread wakes: lateness is not handed on to what follows from it.
final class LinkEvents {
    private var timers = TimerHeap()

    var nextTime: Double? { timers.nextTime.map { Double($0) / 1e9 } }

    /// - Parameter time: in seconds; kept to the nanosecond.
    func at(_ time: Double, _ action: @escaping () -> Void) {
        timers.insert(at: Self.nanoseconds(time), action)
    }

    /// Runs all that is due by `time`.
    func run(until time: Double) {
        let end = Self.nanoseconds(time)
        while let action = timers.popDue(end) { action() }
    }

    /// Runs until nothing is planned or `isWanted` is false.
    func run(while isWanted: () -> Bool) {
        while isWanted(), let action = timers.popDue(.max) { action() }
    }

    /// Forgets what is planned: it may hold whoever holds this.
    func end() { timers = TimerHeap() }

    private static func nanoseconds(_ seconds: Double) -> Int64 {
        Int64(exactly: (seconds * 1e9).rounded()) ?? .max
    }
}
