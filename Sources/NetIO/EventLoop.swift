import CLinux
import Glibc
import Synchronization

/// What a descriptor is watched for, and what was seen of it: epoll's bits (epoll_ctl(2)).
///
/// Inlinable, because every event asks for several of them, in other modules.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32

    @inlinable
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    @inlinable package static var readable: Readiness { Readiness(rawValue: 0x1) }
    @inlinable package static var writable: Readiness { Readiness(rawValue: 0x4) }
    /// The peer has sent all it will.
    @inlinable package static var peerClosed: Readiness { Readiness(rawValue: 0x2000) }
    /// Always reported, never asked for.
    @inlinable package static var failed: Readiness { Readiness(rawValue: 0x8) }
    @inlinable package static var hungUp: Readiness { Readiness(rawValue: 0x10) }
    /// Only asked for: report changes instead of states. Whoever asks must use the descriptor
    /// until it would block, or ask for another turn with `EventLoop.again`.
    @inlinable package static var edgeTriggered: Readiness { Readiness(rawValue: 1 << 31) }

    @inlinable
    package func has(_ other: Readiness) -> Bool { rawValue & other.rawValue != 0 }

    @inlinable
    package static func | (left: Readiness, right: Readiness) -> Readiness {
        Readiness(rawValue: left.rawValue | right.rawValue)
    }
}

/// Is told when its descriptor is ready, on the loop's thread.
package protocol EventSource: AnyObject {
    /// - Parameter readiness: empty for a turn that was asked for with `EventLoop.again`.
    func ready(_ readiness: Readiness)
}

/// Waits for descriptors and times on one thread. All but `post` and `wake` belong to that thread.
///
/// A source that was removed in the same turn is not told of events that epoll had already
/// reported, even when its descriptor's number is in use again.
package final class EventLoop {
    private let epoll: Int32
    private let mailbox: Mailbox
    private let events: UnsafeMutablePointer<epoll_event>
    private static let eventsPerTurn = 256
    private static let longestLookNs: Int64 = 10_000

    /// By descriptor: who is told, and a generation that tells reuses of the number apart.
    private var sources: [(any EventSource)?] = []
    private var generations: [UInt32] = []
    private var waitingForTurn: [any EventSource] = []
    private var takingTurn: [any EventSource] = []
    private var timers = TimerHeap()
    private var isStopped = false

    /// A time at which `onAlarm` is called, `.max` for none; met more exactly than a timer is, also
    /// between the sources of a busy turn. It stays due until it is set anew.
    package var alarmNs = Int64.max
    package var onAlarm: () -> Void = {}
    /// Before the alarm the loop looks again and again instead of sleeping: a thread that sleeps
    /// wakes up late.
    package var spinNs: Int64 = 0
    /// The time that this took.
    package private(set) var spunNs: Int64 = 0

    /// CLOCK_MONOTONIC in ns when this turn's waiting ended.
    package private(set) var nowNs = clinux_monotonic_ns()

    package init() throws(SystemError) {
        epoll = epoll_create1(clinux_EPOLL_CLOEXEC)
        guard epoll >= 0 else { throw SystemError(operation: "epoll_create1") }
        events = .allocate(capacity: Self.eventsPerTurn)
        do throws(SystemError) {
            mailbox = try Mailbox()
        } catch {
            events.deallocate()
            close(epoll)
            throw error
        }
        try watch(mailbox.descriptor, for: .readable, source: mailbox)
    }

    deinit {
        events.deallocate()
        close(epoll)
    }

    // MARK: Descriptors

    /// Holds `source` until `unwatch`.
    package func watch(
        _ descriptor: Int32, for interest: Readiness, source: any EventSource
    ) throws(SystemError) {
        let index = Int(descriptor)
        guard index >= 0 else { throw SystemError(operation: "epoll_ctl add", code: EBADF) }
        while sources.count <= index {
            sources.append(nil)
            generations.append(0)
        }
        generations[index] &+= 1
        guard set(clinux_EPOLL_CTL_ADD, descriptor, interest) == 0 else {
            throw SystemError(operation: "epoll_ctl add")
        }
        sources[index] = source
    }

    package func change(_ descriptor: Int32, to interest: Readiness) {
        _ = set(clinux_EPOLL_CTL_MOD, descriptor, interest)
    }

    /// Must come before the descriptor is closed.
    package func unwatch(_ descriptor: Int32) {
        let index = Int(descriptor)
        guard index >= 0, index < sources.count, sources[index] != nil else { return }
        _ = set(clinux_EPOLL_CTL_DEL, descriptor, [])
        sources[index] = nil
        generations[index] &+= 1
    }

    /// Gives `source` a turn (`ready([])`) after all that is ready by then: how a source that has
    /// more to do than is fair to the others goes on.
    package func again(_ source: any EventSource) { waitingForTurn.append(source) }

    private func set(_ operation: Int32, _ descriptor: Int32, _ interest: Readiness) -> Int32 {
        let data = UInt64(generations[Int(descriptor)]) << 32 | UInt64(UInt32(descriptor))
        return clinux_epoll_set(epoll, operation, descriptor, interest.rawValue, data)
    }

    // MARK: Times

    /// Calls `action` once, at or after the time; never from inside this call.
    @discardableResult
    package func schedule(atNs time: Int64, _ action: @escaping () -> Void) -> TimerID {
        timers.insert(at: time, action)
    }

    @discardableResult
    package func schedule(afterNs delay: Int64, _ action: @escaping () -> Void) -> TimerID {
        let (time, overflow) = clinux_monotonic_ns().addingReportingOverflow(delay)
        return schedule(atNs: overflow ? .max : time, action)
    }

    /// A timer that has run or was cancelled is left alone.
    package func cancel(_ timer: TimerID) { timers.cancel(timer) }

    // MARK: Turns

    /// Runs turns until `stop`.
    package func run() {
        isStopped = false
        while !isStopped { turn() }
    }

    /// From the loop's thread: `run` returns after this turn.
    package func stop() { isStopped = true }

    /// Lets go of sources, timers and turns that are left: each may hold the loop, which then would never
    /// go. For a loop that was stopped and runs no more.
    package func end() {
        stop()
        timers = TimerHeap()
        waitingForTurn = []
        for descriptor in sources.indices where sources[descriptor] != nil {
            unwatch(Int32(descriptor))
        }
        onAlarm = {}
    }

    /// From any thread: `action` runs on the loop's thread.
    package func post(_ action: @escaping @Sendable () -> Void) { mailbox.post(action) }

    /// From any thread: ends the wait of the current turn.
    package func wake() { mailbox.wake() }

    /// A handle for other threads that does not share the loop itself.
    package var poster: LoopPoster { LoopPoster(mailbox) }

    /// Waits for what comes next, and tells those whom it concerns.
    package func turn() {
        let wait = waitNs()
        let began = nowNs
        let count = clinux_epoll_wait(epoll, events, Int32(Self.eventsPerTurn), wait)
        nowNs = clinux_monotonic_ns()
        if wait == 0, count == 0, waitingForTurn.isEmpty {
            // A longer gap is another thread's time.
            spunNs += min(nowNs - began, Self.longestLookNs)
        }
        ring(at: nowNs)
        for index in 0..<max(0, Int(count)) {
            let data = clinux_event_data(&events[index])
            let descriptor = Int(data & 0xFFFF_FFFF)
            guard generations[descriptor] == UInt32(data >> 32), let source = sources[descriptor]
            else { continue }
            source.ready(Readiness(rawValue: clinux_event_mask(&events[index])))
            ringIfDue()
        }
        giveTurns()
        // A fixed time: an action that schedules itself with no delay must not keep the loop here.
        while let action = timers.popDue(nowNs) { action() }
    }

    private func giveTurns() {
        guard !waitingForTurn.isEmpty else { return }
        swap(&waitingForTurn, &takingTurn)
        for source in takingTurn {
            source.ready([])
            ringIfDue()
        }
        takingTurn.removeAll(keepingCapacity: true)
    }

    /// Negative: for ever.
    private func waitNs() -> Int64 {
        guard waitingForTurn.isEmpty else { return 0 }
        let alarm = alarmNs == .max ? alarmNs : alarmNs - spinNs
        let next = min(timers.nextTime ?? .max, alarm)
        return next == .max ? -1 : max(0, next - clinux_monotonic_ns())
    }

    /// Whether no alarm comes for that long.
    package func isFree(forNs duration: Int64) -> Bool {
        alarmNs == .max || alarmNs - clinux_monotonic_ns() > duration
    }

    private func ringIfDue() {
        if alarmNs != .max { ring(at: clinux_monotonic_ns()) }
    }

    private func ring(at now: Int64) {
        if alarmNs <= now { onAlarm() }
    }
}

/// Reaches a loop from other threads, also after its end.
package struct LoopPoster: Sendable {
    private let mailbox: Mailbox

    fileprivate init(_ mailbox: Mailbox) { self.mailbox = mailbox }

    package func post(_ action: @escaping @Sendable () -> Void) { mailbox.post(action) }
    package func wake() { mailbox.wake() }
}

/// Work from other threads.
private final class Mailbox: EventSource, Sendable {
    let descriptor: Int32
    private let waiting = Mutex<[@Sendable () -> Void]>([])

    init() throws(SystemError) {
        descriptor = eventfd(0, clinux_EFD_NONBLOCK | clinux_EFD_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(operation: "eventfd") }
    }

    deinit { close(descriptor) }

    func post(_ action: @escaping @Sendable () -> Void) {
        waiting.withLock { $0.append(action) }
        wake()
    }

    func wake() { eventfd_write(descriptor, 1) }

    func ready(_ readiness: Readiness) {
        var count: eventfd_t = 0
        eventfd_read(descriptor, &count)
        let actions = waiting.withLock { waiting in
            let taken = waiting
            waiting = []
            return taken
        }
        actions.forEach { $0() }
    }
}
