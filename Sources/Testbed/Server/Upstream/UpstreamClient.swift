import CLinux
import Glibc
import NetIO

/// Requests from one role to another, over kept connections and on the asking role's loop.
final class UpstreamClient {
    typealias Completion = StoreCompletion

    let loop: EventLoop
    let address: SocketAddress
    let limits: UpstreamLimits
    /// Shared by all connections: what is read is used at once.
    let receiveBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    private var idle: [UpstreamConnection] = []
    private var warmCount = 0
    private var isRewarming = false

    init(loop: EventLoop, address: SocketAddress, limits: UpstreamLimits = UpstreamLimits()) {
        self.loop = loop
        self.address = address
        self.limits = limits
    }

    deinit {
        idle.forEach { $0.close() }
        receiveBuffer.deallocate()
    }

    /// Open connections that no request uses.
    var idleCount: Int { idle.count }

    // MARK: Requests

    /// A request without a body.
    ///
    /// - Parameter head: request line and fields with the blank line.
    func send(_ head: [UInt8], completion: @escaping Completion) {
        open(head, completion: completion).finish()
    }

    /// Begins a request whose body follows piece by piece, and collects its answer.
    ///
    /// - Parameters:
    ///   - head: with the body's length.
    ///   - isHead: of a HEAD request, whose answer has a length and no body.
    @discardableResult
    func open(
        _ head: [UInt8], isHead: Bool = false, completion: @escaping Completion
    ) -> UpstreamExchange {
        let answer = CollectedAnswer(limitBytes: limits.collectedBytes, completion: completion)
        return open(head, isHead: isHead, receiver: answer)
    }

    /// Begins a request whose body follows piece by piece, and hands its answer on as it comes.
    /// `receiver` is never called before this returns.
    ///
    /// - Parameter isChunked: the head says `Transfer-Encoding: chunked`; the exchange frames the
    ///   body.
    func open(
        _ head: [UInt8], isHead: Bool = false, isChunked: Bool = false,
        receiver: any UpstreamReceiver
    ) -> UpstreamExchange {
        let exchange = UpstreamExchange(
            self, head, isHead: isHead, isChunked: isChunked, receiver: receiver)
        exchange.start()
        return exchange
    }

    // MARK: Connections

    /// Keeps this many connections open that no request uses yet, so that a burst finds them. Those
    /// that the other role closes are replaced.
    func keepWarm(_ count: Int) {
        warmCount = min(count, limits.idleConnections)
        while idle.count < warmCount, let made = try? UpstreamConnection(client: self) {
            idle.append(made)
        }
        // Nobody listens yet, or there is no descriptor left: later again.
        if idle.count < warmCount { rewarmLater() }
    }

    /// A connection that was idle until now; nil when there is none that is still open.
    func takeIdle() -> UpstreamConnection? {
        while let connection = idle.popLast() {
            if connection.isUsable { return connection }
            connection.close()
        }
        return nil
    }

    func release(_ connection: UpstreamConnection) {
        guard idle.count < limits.idleConnections else { return connection.close() }
        idle.append(connection)
    }

    /// An idle connection has ended.
    func lost(_ connection: UpstreamConnection) {
        idle.removeAll { $0 === connection }
        if idle.count < warmCount { rewarmLater() }
    }

    private func rewarmLater() {
        guard !isRewarming else { return }
        isRewarming = true
        loop.schedule(afterNs: limits.rewarmNs) { [weak self] in
            guard let self else { return }
            isRewarming = false
            keepWarm(warmCount)
        }
    }
}
