import CLinux
import Glibc
import NetIO

/// One direction of an emulated connection: from a socket through a flow into another socket.
final class LinkPipe {
    let flow: Flow
    private let source: Int32
    private let target: Int32
    private var waiting = ByteQueue()
    /// Delivered by the flow, but not yet taken by the target's socket.
    private(set) var owed = 0
    private var canRead = false
    private var isReading = false
    private var hasEnded = false
    private(set) var isFinished = false
    private let restartsAfterIdle: Bool
    /// Nothing is sent before the handshake is over.
    private let opensAt: Double
    /// Told of a broken socket, and of the end.
    var broken: () -> Void = {}
    var finished: () -> Void = {}

    init(
        from source: Int32, to target: Int32, _ events: LinkEvents, _ direction: LinkDirection,
        _ parameters: LinkParameters, opensAt: Double, window: Double?
    ) {
        self.source = source
        self.target = target
        self.opensAt = opensAt
        restartsAfterIdle = parameters.restartsAfterIdle
        var arrived: (Double, Int) -> Void = { _, _ in }
        flow = Flow(
            events, direction, parameters.control, roundTrip: parameters.roundTrip
        ) { arrived($0, $1) }
        if let window { flow.open(windowBytes: window) }
        // The flow may have events to come when the connection has ended.
        arrived = { [weak self] _, count in
            self?.owed += count
            self?.push()
        }
        flow.drained = { [weak self] time in
            guard let self, canRead, !isReading else { return }
            read(time)
        }
    }

    /// The source has bytes, or its end.
    func readable(_ time: Double) {
        canRead = true
        if flow.unsent < flow.sendBufferBytes { read(time) }
    }

    /// Takes what is there, and gives it to the flow in one piece: a program's single write would not
    /// be cut into packets at our buffer's ends either.
    private func read(_ time: Double) {
        isReading = true
        defer { isReading = false }
        var total = 0
        while canRead, !hasEnded, flow.unsent + total < flow.sendBufferBytes {
            let count = receive()
            if count > 0 {
                total += count
                continue
            }
            canRead = false
            let isOver = count == 0
            if !isOver, errno != EAGAIN, errno != EINTR { return broken() }
            if total > 0 { send(time, total) }
            if isOver { end(time) }
            return
        }
        if total > 0 { send(time, total) }
    }

    private func receive() -> Int {
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { buffer in
            let count = recv(source, buffer.baseAddress, buffer.count, 0)
            if count > 0 { waiting.append(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            return count
        }
    }

    private func send(_ time: Double, _ count: Int) {
        let start = max(time, opensAt)
        if flow.isIdle {
            // As Linux counts it: from the last segment that this side has sent.
            let silence = start - max(opensAt, flow.lastSentAt)
            flow.rest(seconds: silence, restarts: restartsAfterIdle)
        }
        guard start > time else { return flow.write(time, count) }
        flow.events.at(start) { [weak flow] in flow?.write(start, count) }
    }

    /// The end comes behind the last byte.
    private func end(_ time: Double) {
        hasEnded = true
        let arrives = max(time, opensAt) + flow.direction.delay
        flow.events.at(arrives) { [weak self] in self?.push() }
    }

    /// Writes what has arrived; true when the target takes no more for now.
    @discardableResult
    func push() -> Bool {
        while owed > 0 {
            let sent = waiting.withFirst(owed) {
                Glibc.send(target, $0.baseAddress, $0.count, clinux_MSG_NOSIGNAL)
            }
            if sent < 0 {
                if errno == EAGAIN || errno == EINTR { return true }
                broken()
                return false
            }
            waiting.removeFirst(sent)
            owed -= sent
        }
        if hasEnded, !isFinished, waiting.count == 0 {
            isFinished = true
            shutdown(target, Int32(SHUT_WR))
            finished()
        }
        return false
    }
}
