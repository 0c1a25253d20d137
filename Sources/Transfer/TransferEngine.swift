import CLinux
import Measure
package import NetIO

/// One request on its way, with what it has cost so far.
final class Transfer {
    var request: Request
    let completion: (Result<Answer, FailedTransfer>) -> Void
    var timings = Timings()
    var bytesSent: Int64 = 0
    var bytesReceived: Int64 = 0
    /// When this try began to send, to tell whether it has sent anything.
    var bytesSentBefore: Int64 = 0
    var retries = 0
    var isConnectionReused = false
    var lastProgressNs: Int64
    weak var connection: Connection?
    /// Position among the engine's transfers.
    var slot = 0

    init(_ request: Request, _ completion: @escaping (Result<Answer, FailedTransfer>) -> Void) {
        self.request = request
        self.completion = completion
        timings.startedNs = monotonicNs()
        lastProgressNs = timings.startedNs
    }
}

/// Sends requests over kept connections, on one event loop and one thread.
///
/// Every request ends in its completion: with an answer, or with the reason why there is none. It
/// may be called before `send` has returned.
package final class TransferEngine {
    let loop: EventLoop
    package let configuration: TransferConfiguration
    let connector: Connector
    /// Shared by all connections: what is read is parsed at once.
    let receiveBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 4096)
    private var idle: [Origin: [Connection]] = [:]
    private var connections: [Connection] = []
    private var transfers: [Transfer] = []
    private var sweep: TimerID?
    private var isClosed = false
    /// Time-outs are noticed this much late at the most.
    private static let sweepIntervalNs: Int64 = 50_000_000

    package init(loop: EventLoop, configuration: TransferConfiguration) throws(SystemError) {
        self.loop = loop
        self.configuration = configuration
        connector = try Connector(loop: loop, configuration: configuration)
    }

    deinit { receiveBuffer.deallocate() }

    package func send(
        _ request: Request, completion: @escaping (Result<Answer, FailedTransfer>) -> Void
    ) {
        let transfer = Transfer(request, completion)
        transfer.slot = transfers.count
        transfers.append(transfer)
        guard !isClosed else { return fail(transfer, .cancelled) }
        armSweep()
        start(transfer)
    }

    /// Ends all requests that are under way.
    package func cancelAll() {
        connector.cancelAll()
        for transfer in transfers { abandon(transfer, .cancelled) }
    }

    /// Ends all requests and closes all connections.
    package func close() {
        isClosed = true
        cancelAll()
        connections.forEach { $0.close() }
        connections = []
        idle = [:]
        connector.shutDown()
        if let sweep { loop.cancel(sweep) }
        sweep = nil
    }

    package var connectionCount: Int { connections.count }

    // MARK: Connections

    private func start(_ transfer: Transfer) {
        let origin = transfer.request.origin
        transfer.bytesSentBefore = transfer.bytesSent
        if let connection = idle[origin]?.popLast() {
            carry(transfer, on: connection)
            return
        }
        connector.connect(to: origin) { [unowned self] result in
            switch result {
            case .failure(let failure): if isUnderWay(transfer) { fail(transfer, failure) }
            case .success(let made): connected(transfer, made, origin)
            }
        }
    }

    private func connected(_ transfer: Transfer, _ made: MadeConnection, _ origin: Origin) {
        guard isUnderWay(transfer) else {
            connector.close(made.handle)
            return
        }
        do throws(SystemError) {
            let connection = try Connection(made, origin: origin, engine: self)
            connection.slot = connections.count
            connections.append(connection)
            carry(transfer, on: connection)
        } catch {
            connector.close(made.handle)
            fail(transfer, .connectFailed("\(error)"))
        }
    }

    private func carry(_ transfer: Transfer, on connection: Connection) {
        transfer.connection = connection
        connection.carry(transfer)
    }

    private func drop(_ connection: Connection) {
        connection.close()
        idle[connection.origin]?.removeAll { $0 === connection }
        guard connection.slot < connections.count, connections[connection.slot] === connection
        else {
            return
        }
        let last = connections.removeLast()
        guard last !== connection else { return }
        last.slot = connection.slot
        connections[connection.slot] = last
    }

    // MARK: Ends

    func completed(
        _ transfer: Transfer, _ parser: AnswerParser, on connection: Connection, isReusable: Bool
    ) {
        if isReusable {
            idle[connection.origin, default: []].append(connection)
        } else {
            drop(connection)
        }
        if let redirected = redirect(transfer, parser) {
            transfer.request = redirected
            start(transfer)
            return
        }
        remove(transfer)
        let answer = Answer(
            status: parser.status, headers: parser.headers, body: parser.body,
            timings: transfer.timings, bytesSent: transfer.bytesSent,
            bytesReceived: transfer.bytesReceived,
            isConnectionReused: transfer.isConnectionReused, retries: transfer.retries)
        transfer.completion(.success(answer))
    }

    /// A connection ended while it carried a transfer, or while idle.
    func lost(_ connection: Connection, _ failure: TransferFailure) {
        let transfer = connection.releaseTransfer()
        let isStale = transfer.map { connection.isStale(for: $0) } ?? false
        drop(connection)
        guard let transfer else { return }
        if isStale, case .protocolViolation = failure {
        } else if isStale {
            transfer.retries += 1
            start(transfer)
            return
        }
        fail(transfer, failure)
    }

    private func redirect(_ transfer: Transfer, _ parser: AnswerParser) -> Request? {
        guard [307, 308].contains(parser.status), transfer.request.redirectLimit > 0,
            let location = parser.headers.first("Location"),
            let place = RedirectTarget(location, from: transfer.request.origin)
        else { return nil }
        return transfer.request.redirected(to: place.origin, target: place.target)
    }

    private func abandon(_ transfer: Transfer, _ failure: TransferFailure) {
        guard isUnderWay(transfer) else { return }
        if let connection = transfer.connection, connection.transfer === transfer {
            _ = connection.releaseTransfer()
            drop(connection)
        }
        fail(transfer, failure)
    }

    private func fail(_ transfer: Transfer, _ failure: TransferFailure) {
        remove(transfer)
        transfer.timings.endedNs = monotonicNs()
        transfer.completion(
            .failure(
                FailedTransfer(
                    failure: failure, timings: transfer.timings, bytesSent: transfer.bytesSent,
                    bytesReceived: transfer.bytesReceived, retries: transfer.retries)))
    }

    private func isUnderWay(_ transfer: Transfer) -> Bool {
        transfer.slot < transfers.count && transfers[transfer.slot] === transfer
    }

    private func remove(_ transfer: Transfer) {
        guard isUnderWay(transfer) else { return }
        let last = transfers.removeLast()
        guard last !== transfer else { return }
        last.slot = transfer.slot
        transfers[transfer.slot] = last
    }

    // MARK: Time-outs

    /// One look at all transfers now and then costs less than a timer for each.
    private func armSweep() {
        guard sweep == nil else { return }
        sweep = loop.schedule(afterNs: Self.sweepIntervalNs) { [unowned self] in
            sweep = nil
            sweepTimeouts()
            if !transfers.isEmpty { armSweep() }
        }
    }

    private func sweepTimeouts() {
        let now = monotonicNs()
        for transfer in transfers {
            if now - transfer.timings.startedNs > configuration.totalTimeoutNs {
                abandon(transfer, .totalTimedOut)
            } else if transfer.connection != nil,
                now - transfer.lastProgressNs > configuration.idleTimeoutNs
            {
                abandon(transfer, .idleTimedOut)
            }
        }
    }
}

/// Where a `Location` field leads.
private struct RedirectTarget {
    let origin: Origin
    let target: String

    init?(_ location: String, from origin: Origin) {
        guard location.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
        let withoutFragment = location.prefix { $0 != "#" }
        if withoutFragment.hasPrefix("/"), !withoutFragment.hasPrefix("//") {
            self.origin = origin
            target = String(withoutFragment)
            return
        }
        guard let place = Origin(url: String(withoutFragment)),
            let authority = withoutFragment.firstRange(of: "://")?.upperBound
        else { return nil }
        self.origin = place
        let path = withoutFragment[authority...].drop { !"/?".contains($0) }
        target = path.hasPrefix("/") ? String(path) : "/" + path
    }
}
