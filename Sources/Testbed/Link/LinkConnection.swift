import CLinux
import Glibc
import NetIO

/// One emulated connection: the client's socket, the role's socket, and a flow each way.
final class LinkConnection {
    private let front: LinkFront
    private let client: Int32
    private var role: Int32 = -1
    private var up: LinkPipe?
    private var down: LinkPipe?
    private var ends: [End] = []
    private var isOpen = true

    /// Tells a connection which of its sockets is ready.
    private final class End: EventSource {
        let tell: (Readiness) -> Void
        init(_ tell: @escaping (Readiness) -> Void) { self.tell = tell }
        func ready(_ readiness: Readiness) { tell(readiness) }
    }

    init(_ front: LinkFront, client: Int32) {
        self.front = front
        self.client = client
    }

    /// The kernel has made the connection at once; the emulated handshake takes a round trip, which the
    /// first bytes wait for. The role sees the connection when the SYN has arrived.
    func open(_ time: Double) {
        let trip = front.parameters.isWarm ? 0 : front.parameters.roundTrip
        var opensAt = time + trip
        var retry = 1.0
        while !front.parameters.isWarm, front.up.losesPacket() {
            opensAt += retry
            retry *= 2
        }
        let seen = opensAt - trip / 2
        front.events.at(seen) { [weak self] in self?.connect(opensAt) }
        front.rearm()
    }

    private func connect(_ opensAt: Double) {
        guard isOpen, let role = front.connectToRole() else { return close(resets: true) }
        self.role = role
        let parameters = front.parameters
        let window = parameters.isWarm ? parameters.warmWindow : nil
        let up = LinkPipe(
            from: client, to: role, front.events, front.up, parameters, opensAt: opensAt,
            window: window)
        let down = LinkPipe(
            from: role, to: client, front.events, front.down, parameters, opensAt: 0,
            window: window)
        (self.up, self.down) = (up, down)
        for pipe in [up, down] {
            pipe.broken = { [weak self] in self?.close(resets: true) }
            pipe.finished = { [weak self] in self?.closeIfDone() }
        }
        watch(client, reads: up, writes: down)
        if isOpen { watch(role, reads: down, writes: up) }
    }

    private func watch(_ descriptor: Int32, reads: LinkPipe, writes: LinkPipe) {
        let end = End { [weak self, unowned front] readiness in
            let time = front.time
            if readiness.has(.writable) { writes.push() }
            guard let self, isOpen else { return }
            if readiness.has(.readable | .peerClosed | .hungUp | .failed) { reads.readable(time) }
            front.rearm()
        }
        ends.append(end)
        do throws(SystemError) {
            try front.loop.watch(
                descriptor, for: [.readable, .writable, .peerClosed, .edgeTriggered], source: end)
        } catch {
            close(resets: true)
        }
    }

    private func closeIfDone() {
        if up?.isFinished == true, down?.isFinished == true { close(resets: false) }
    }

    func close(resets: Bool) {
        guard isOpen else { return }
        isOpen = false
        for descriptor in [client, role] where descriptor >= 0 {
            front.loop.unwatch(descriptor)
            if resets {
                var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
                setsockopt(
                    descriptor, SOL_SOCKET, SO_LINGER, &linger,
                    socklen_t(MemoryLayout<Glibc.linger>.size))
            }
            Glibc.close(descriptor)
        }
        front.ended(self)
    }
}
