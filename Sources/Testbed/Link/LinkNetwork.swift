import CLinux
import Foundation
import NetIO
import Synchronization

/// The emulated network: a thread that relays between fronts, where clients connect, and the roles.
///
/// `@unchecked Sendable`: the loop and what hangs on it belong to the link's thread; other threads only
/// post to it.
package final class LinkNetwork: @unchecked Sendable {
    private let profile: LinkProfile
    private let core: LinkCore
    private let poster: LoopPoster
    private let ended = DispatchSemaphore(value: 0)
    private let cpuClock: clockid_t

    package init(_ profile: LinkProfile, seed: UInt64) throws {
        self.profile = profile
        let core = try LinkCore(profile, seed: seed)
        self.core = core
        poster = core.loop.poster
        let (ended, started) = (ended, DispatchSemaphore(value: 0))
        let box = UncheckedBox(core)
        let clock = Mutex(clockid_t())
        try SystemThread.start(stackBytes: 4 << 20) {
            clinux_name_thread("link")
            clock.withLock { _ = pthread_getcpuclockid(pthread_self(), &$0) }
            started.signal()
            box.value.loop.run()
            ended.signal()
        }
        started.wait()
        cpuClock = clock.withLock { $0 }
    }

    /// CPU time that the emulation has used.
    package var cpuNs: Int64 {
        var time = timespec()
        guard clock_gettime(cpuClock, &time) == 0 else { return 0 }
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Opens a front for one leg; what connects there reaches `role` over the leg.
    ///
    /// - Returns: the front's port.
    package func open(
        _ leg: LinkLeg, listen address: ListenAddress, to role: ListenAddress
    ) throws -> Int {
        let (listener, port) = try RoleServer.listen(address)
        let target = try SocketAddress(resolving: role.localName, port: role.port)
        let box = UncheckedBox(core)
        poster.post { box.value.open(leg, listener, target) }
        return port
    }

    package func stop() {
        let box = UncheckedBox(core)
        poster.post { box.value.stop() }
        ended.wait()
    }
}

/// Takes what belongs to the link's thread there.
private struct UncheckedBox<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

/// What belongs to the link's thread.
final class LinkCore {
    let loop: EventLoop
    let events = LinkEvents()
    private let profile: LinkProfile
    private var seed: UInt64
    /// The client's line, shared by all that it sends and gets.
    private let accessUp: Bottleneck
    private let accessDown: Bottleneck
    private var fronts: [LinkFront] = []
    /// Of clients, on all fronts: the roles say to some more that there is no place, and the rest waits.
    var clientCount = 0
    let clientLimit: Int
    private static let clientsBeyondPlaces = 8
    private var timer: TimerID?
    private var timerTime = Double.infinity
    private let startNs = clinux_monotonic_ns()

    init(_ profile: LinkProfile, seed: UInt64) throws {
        loop = try EventLoop()
        var limits = ServerLimits()
        limits.descriptorsPerConnection = ServerLimits.descriptorsBehindLink
        clientLimit = limits.clientsWithinDescriptors + Self.clientsBeyondPlaces
        self.profile = profile
        self.seed = seed
        let region = profile.region
        accessUp = Bottleneck(
            bitsPerSecond: region.upMbit * 1e6, queueBytes: region.queue(region.upMbit))
        accessDown = Bottleneck(
            bitsPerSecond: region.downMbit * 1e6, queueBytes: region.queue(region.downMbit))
    }

    /// Seconds since the start.
    var time: Double { Double(clinux_monotonic_ns() - startNs) / 1e9 }

    func open(_ leg: LinkLeg, _ listener: Int32, _ target: SocketAddress) {
        let parameters = profile.parameters(leg)
        let directions = [true, false].map { isUp in
            seed &+= 0x9E37_79B9_7F4A_7C15
            let mbit = isUp ? parameters.upMbit : parameters.downMbit
            let own = Bottleneck(
                bitsPerSecond: mbit * 1e6, queueBytes: parameters.queue(mbit))
            let shared = isUp ? accessUp : accessDown
            return LinkDirection(
                leg.isClients ? shared : own, roundTrip: parameters.roundTrip,
                loss: isUp ? parameters.loss : 0, seed: seed)
        }
        let front = LinkFront(
            self, parameters, up: directions[0], down: directions[1], listener, target,
            isForClients: leg.isClients)
        fronts.append(front)
    }

    /// Runs what is due, and wakes for what comes next. To be called after anything that plans an event.
    func rearm() {
        events.run(until: time)
        guard let next = events.nextTime else { return }
        guard timer == nil || next < timerTime else { return }
        if let timer { loop.cancel(timer) }
        timerTime = next
        timer = loop.schedule(atNs: startNs + Int64((next * 1e9).rounded(.up))) { [unowned self] in
            timer = nil
            timerTime = .infinity
            rearm()
        }
    }

    func stop() {
        fronts.forEach { $0.stop() }
        events.end()
        loop.stop()
    }
}

/// A port where one leg of the network begins.
final class LinkFront: EventSource {
    let parameters: LinkParameters
    let up: LinkDirection
    let down: LinkDirection
    private unowned let core: LinkCore
    private let listener: Int32
    private let target: SocketAddress
    private let isForClients: Bool
    private var connections: [ObjectIdentifier: LinkConnection] = [:]
    private var isStopped = false
    private static let restNs: Int64 = 100_000_000

    init(
        _ core: LinkCore, _ parameters: LinkParameters, up: LinkDirection, down: LinkDirection,
        _ listener: Int32, _ target: SocketAddress, isForClients: Bool
    ) {
        self.isForClients = isForClients
        self.core = core
        self.parameters = parameters
        self.up = up
        self.down = down
        self.listener = listener
        self.target = target
        try? core.loop.watch(listener, for: .readable, source: self)
    }

    var loop: EventLoop { core.loop }
    var events: LinkEvents { core.events }
    var time: Double { core.time }
    func rearm() { core.rearm() }

    func ready(_ readiness: Readiness) {
        for _ in 0..<64 {
            guard !isForClients || core.clientCount < core.clientLimit else { return rest() }
            let client = accept4(
                listener, nil, nil, clinux_SOCK_NONBLOCK | clinux_SOCK_CLOEXEC)
            guard client >= 0 else {
                if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) { rest() }
                return
            }
            Self.hurry(client)
            let connection = LinkConnection(self, client: client)
            connections[ObjectIdentifier(connection)] = connection
            if isForClients { core.clientCount += 1 }
            connection.open(time)
        }
    }

    /// Out of places, descriptors or memory: a connection that waits would be reported in every turn.
    private func rest() {
        loop.change(listener, to: [])
        _ = loop.schedule(afterNs: Self.restNs) { [weak self] in
            guard let self, !isStopped else { return }
            loop.change(listener, to: .readable)
        }
    }

    /// nil when the role does not listen.
    func connectToRole() -> Int32? {
        let kind = clinux_SOCK_STREAM | clinux_SOCK_NONBLOCK | clinux_SOCK_CLOEXEC
        let descriptor = socket(target.family, kind, 0)
        guard descriptor >= 0 else { return nil }
        Self.hurry(descriptor)
        let code = target.withPointer { connect(descriptor, $0, $1) }
        guard code == 0 || errno == EINPROGRESS else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private static func hurry(_ descriptor: Int32) {
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    }

    func ended(_ connection: LinkConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        if isForClients { core.clientCount -= 1 }
    }

    func stop() {
        isStopped = true
        loop.unwatch(listener)
        close(listener)
        connections.values.forEach { $0.close(resets: true) }
    }
}
