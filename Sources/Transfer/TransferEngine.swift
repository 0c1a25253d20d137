import CLinux
package import NetIO

/// Sends requests over kept connections, on one event loop and one thread.
///
/// Every request ends in its completion, exactly once: with an answer, or with the reason why
/// there is none. It is never called from within `send`.
package final class TransferEngine: EventSource {
    let loop: EventLoop
    package let configuration: TransferConfiguration
    let connector: Connector
    /// Shared by all connections: what is read is parsed at once.
    let receiveBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 4096)
    let scratch = SendScratch()
    private var pool = ConnectionPool()
    private var connections: [Connection] = []
    private var exchanges: [Exchange] = []
    private var toldLater: [Exchange] = []
    /// Wait for others to be connected; those that have ended meanwhile are passed over.
    private var waitingToConnect: [Exchange] = []
    private var nextToConnect = 0
    private var deadline: TimerID?
    private var deadlineNs = Int64.max
    private var isClosed = false

    package init(loop: EventLoop, configuration: TransferConfiguration) throws(SystemError) {
        self.loop = loop
        self.configuration = configuration
        connector = try Connector(loop: loop, configuration: configuration)
        connector.owner = self
    }

    deinit {
        releaseConnections()
        receiveBuffer.deallocate()
        scratch.deallocate()
    }

    package func send(
        _ request: Request, completion: @escaping (Result<Answer, FailedTransfer>) -> Void
    ) {
        let now = clinux_monotonic_ns()
        let exchange = Exchange(request, configuration, at: now, completion)
        exchange.slot = exchanges.count
        exchanges.append(exchange)
        if isClosed { return failLater(exchange, .cancelled) }
        if let problem = request.problem { return failLater(exchange, .invalidRequest(problem)) }
        start(exchange, at: now)
    }

    /// Ends all requests that are under way.
    package func cancelAll() {
        for exchange in exchanges { abandon(exchange, .cancelled) }
    }

    /// Ends all requests and closes all connections.
    package func close() {
        isClosed = true
        cancelAll()
        releaseConnections()
    }

    /// Closes the connections that a group keeps and does not use.
    package func closeIdleConnections(ofGroup group: Int) {
        for connection in pool.takeAll(group) { drop(connection) }
    }

    package var connectionCount: Int { connections.count }
    package var requestCount: Int { exchanges.count }

    private func releaseConnections() {
        connections.forEach { $0.close() }
        connections = []
        pool = ConnectionPool()
        connector.shutDown()
        if let deadline { loop.cancel(deadline) }
        deadline = nil
        deadlineNs = .max
    }

    // MARK: Starts

    private func start(_ exchange: Exchange, at now: Int64) {
        exchange.beginAttempt(at: now)
        let origin = exchange.request.origin
        let group = exchange.request.connectionGroup
        if !exchange.needsFreshConnection,
            let connection = idleConnection(to: origin, group, at: now)
        {
            connection.carry(exchange, at: now)
        } else {
            connect(exchange, origin)
        }
        exchange.needsFreshConnection = false
        watchDeadline(of: exchange)
    }

    private func idleConnection(
        to origin: Origin, _ group: Int, at now: Int64
    ) -> Connection? {
        while let connection = pool.take(origin, group) {
            if now - connection.idleSinceNs <= configuration.reuseWithinNs { return connection }
            drop(connection)
        }
        return nil
    }

    private func connect(_ exchange: Exchange, _ origin: Origin) {
        guard connector.attemptCount < configuration.connectingLimit else {
            waitingToConnect.append(exchange)
            return
        }
        let limit = configuration.connectionLimit
        if connections.count + connector.attemptCount >= limit {
            guard let idle = pool.takeAny() else {
                return failLater(exchange, .tooManyConnections(limit: limit))
            }
            drop(idle)
        }
        guard let attempt = connector.connect(to: origin, for: exchange) else {
            return failLater(exchange, .connectFailed("there is no memory for a connection"))
        }
        exchange.connecting = attempt
    }

    /// An attempt has ended: the next that waits for one has its turn.
    private func connectNext() {
        while nextToConnect < waitingToConnect.count, !isClosed,
            connector.attemptCount < configuration.connectingLimit
        {
            let exchange = waitingToConnect[nextToConnect]
            nextToConnect += 1
            if isUnderWay(exchange) { start(exchange, at: clinux_monotonic_ns()) }
        }
        guard nextToConnect == waitingToConnect.count, nextToConnect > 0 else { return }
        waitingToConnect.removeAll(keepingCapacity: true)
        nextToConnect = 0
    }

    private func drop(_ connection: Connection) {
        connection.close()
        guard connection.slot < connections.count, connections[connection.slot] === connection
        else {
            return
        }
        let last = connections.removeLast()
        guard last !== connection else { return }
        last.slot = connection.slot
        connections[connection.slot] = last
    }

    /// The server closed a connection that carried nothing.
    func dropIdle(_ connection: Connection) {
        pool.remove(connection)
        drop(connection)
    }

    // MARK: Ends

    func completed(
        _ exchange: Exchange, _ answer: ReadAnswer, on connection: Connection, isReusable: Bool
    ) {
        if isReusable {
            pool.put(connection)
        } else {
            drop(connection)
        }
        if answer.status / 100 == 3,
            let next = exchange.request.redirected(
                status: answer.status, location: answer.headers.first("Location"),
                redirects: exchange.redirects)
        {
            exchange.request = next
            exchange.redirects += 1
            return start(exchange, at: clinux_monotonic_ns())
        }
        remove(exchange)
        exchange.succeed(answer)
    }

    /// A connection ended while it carried an exchange.
    func lost(_ connection: Connection, _ failure: TransferFailure) {
        guard let exchange = connection.exchange else { return drop(connection) }
        let mayRetry = connection.mayRetry(exchange)
        connection.countSocketBytes(exchange)
        exchange.connection = nil
        exchange.continueDeadlineNs = .max
        drop(connection)
        guard mayRetry else { return fail(exchange, failure) }
        exchange.retries += 1
        exchange.needsFreshConnection = true
        start(exchange, at: clinux_monotonic_ns())
    }

    private func abandon(_ exchange: Exchange, _ failure: TransferFailure) {
        guard isUnderWay(exchange) else { return }
        if let connection = exchange.connection {
            connection.countSocketBytes(exchange)
            exchange.connection = nil
            drop(connection)
        }
        if let attempt = exchange.connecting {
            exchange.connecting = nil
            connector.abandon(attempt)
            connectNext()
        }
        fail(exchange, failure)
    }

    private func fail(_ exchange: Exchange, _ failure: TransferFailure) {
        guard isUnderWay(exchange) else { return }
        remove(exchange)
        exchange.fail(failure)
    }

    /// For failures within `send`: whoever sends the next request from a completion would
    /// otherwise nest without end.
    private func failLater(_ exchange: Exchange, _ failure: TransferFailure) {
        exchange.pendingFailure = failure
        if toldLater.isEmpty { loop.again(self) }
        toldLater.append(exchange)
    }

    package func ready(_ readiness: Readiness) {
        let exchanges = toldLater
        toldLater = []
        for exchange in exchanges {
            if let failure = exchange.pendingFailure { fail(exchange, failure) }
        }
    }

    private func isUnderWay(_ exchange: Exchange) -> Bool { exchange.slot >= 0 }

    private func remove(_ exchange: Exchange) {
        guard isUnderWay(exchange) else { return }
        let last = exchanges.removeLast()
        if last !== exchange {
            last.slot = exchange.slot
            exchanges[exchange.slot] = last
        }
        exchange.slot = -1
    }

    // MARK: Time-outs

    /// There is one timer, for the earliest deadline when it was set: deadlines move with every
    /// byte, and almost none comes due.
    private func watchDeadline(of exchange: Exchange) {
        let next = exchange.nextDeadlineNs
        guard next < deadlineNs, !isClosed else { return }
        setDeadline(next)
    }

    private func setDeadline(_ time: Int64) {
        if let deadline { loop.cancel(deadline) }
        deadlineNs = time
        deadline = loop.schedule(atNs: time) { [unowned self] in
            deadline = nil
            deadlineNs = .max
            endOverdue()
        }
    }

    private func endOverdue() {
        let now = clinux_monotonic_ns()
        var next = Int64.max
        for exchange in exchanges where isUnderWay(exchange) {
            if let failure = exchange.timeout(at: now) {
                abandon(exchange, failure)
                continue
            }
            if now >= exchange.continueDeadlineNs {
                exchange.connection?.stopAwaitingContinue(exchange)
            }
            next = min(next, exchange.nextDeadlineNs)
        }
        // At most one look per millisecond, however the deadlines are spread.
        if next < deadlineNs, !isClosed { setDeadline(max(next, now + 1_000_000)) }
    }
}

extension TransferEngine: ConnectorOwner {
    func connected(_ attempt: ConnectAttempt, _ result: Result<MadeConnection, TransferFailure>) {
        let exchange = attempt.exchange
        exchange.connecting = nil
        switch result {
        case .failure(let failure): fail(exchange, failure)
        case .success(let made): carry(exchange, on: made)
        }
        connectNext()
    }

    private func carry(_ exchange: Exchange, on made: MadeConnection) {
        exchange.timings.connectNs = (exchange.timings.connectNs ?? 0) + made.connectNs
        if let tlsNs = made.tlsNs {
            exchange.timings.tlsNs = (exchange.timings.tlsNs ?? 0) + tlsNs
        }
        do throws(SystemError) {
            let connection = try Connection(
                made.link, origin: exchange.request.origin,
                group: exchange.request.connectionGroup, engine: self)
            connection.slot = connections.count
            connections.append(connection)
            connection.carry(exchange, at: clinux_monotonic_ns())
            watchDeadline(of: exchange)
        } catch {
            connector.close(made.link)
            fail(exchange, .connectFailed("\(error)"))
        }
    }
}
