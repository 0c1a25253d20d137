import CLinux
import Glibc
import NetIO

/// One connection and the exchange that it carries, if any.
///
/// It is watched for changes, once: a request and its answer cost no call to epoll. So whatever is
/// ready has to be used until it would block, or in another turn.
final class Connection: EventSource {
    private enum Sending {
        case active
        /// The body waits for `100 Continue`.
        case awaitingContinue
        case ended
    }

    let origin: Origin
    /// Whose requests it may carry.
    let group: Int
    let link: Link
    /// Not used once this is closed, and closed by the engine before its end.
    private unowned(unsafe) let engine: TransferEngine
    /// Held apart from the engine, for `close` runs while the engine ends.
    private let loop: EventLoop
    private let connector: Connector
    private let configuration: TransferConfiguration
    private(set) var exchange: Exchange?
    private var sender = RequestSender()
    private var sending = Sending.ended
    private var reader: AnswerReader

    private var isOpen = true
    private var isFull = false
    private var hasMoreToRead = false
    private var hasAskedForTurn = false
    private var peerHasClosed = false
    /// The answer is there, but the request is not sent to its end yet.
    private var isAnswerHeld = false
    private var hasAnswerBytes = false
    private var sendError: Int32 = 0
    private var carried = 0
    /// Of the socket, when the last exchange ended.
    private var socketBytes: (sent: Int64, received: Int64) = (0, 0)
    private var receivedBefore: Int64 = 0
    /// Position among the engine's connections.
    var slot = 0
    private(set) var idleSinceNs: Int64 = 0

    init(
        _ link: Link, origin: Origin, group: Int, engine: TransferEngine
    ) throws(SystemError) {
        self.link = link
        self.origin = origin
        self.group = group
        self.engine = engine
        loop = engine.loop
        connector = engine.connector
        configuration = engine.configuration
        reader = AnswerReader(engine.configuration)
        try loop.watch(
            link.socket, for: [.readable, .writable, .peerClosed, .edgeTriggered], source: self)
    }

    /// Sends as much as there is room for; never ends the exchange.
    func carry(_ exchange: Exchange, at now: Int64) {
        self.exchange = exchange
        exchange.connection = self
        exchange.isConnectionReused = carried > 0
        carried += 1
        receivedBefore = exchange.bytesReceived
        sender = RequestSender()
        sending = exchange.request.expectsContinue ? .awaitingContinue : .active
        reader.begin(isHeadRequest: exchange.request.isHead)
        isAnswerHeld = false
        hasAnswerBytes = false
        hasMoreToRead = false
        exchange.timings.sendStartNs = now
        exchange.lastProgressNs = now
        if sending == .awaitingContinue {
            exchange.continueDeadlineNs = now + configuration.continueTimeoutNs
        }
        flush(exchange)
    }

    /// Ends the connection; its exchange is the engine's business.
    func close() {
        guard isOpen else { return }
        isOpen = false
        exchange = nil
        loop.unwatch(link.socket)
        connector.close(link)
    }

    func ready(_ readiness: Readiness) {
        if readiness.rawValue == 0 { hasAskedForTurn = false }
        guard isOpen else { return }
        if readiness.has(.writable) { isFull = false }
        if readiness.has(.readable) { hasMoreToRead = true }
        if readiness.has(.peerClosed | .hungUp | .failed) {
            peerHasClosed = true
            hasMoreToRead = true
        }
        guard let exchange else { return readyWhileIdle() }
        if hasMoreToRead || sendError != 0 { receive(exchange) }
        guard isOpen, self.exchange === exchange else { return }
        flush(exchange)
        if isAnswerHeld, sending == .ended {
            finish(exchange, at: clinux_monotonic_ns(), hasSurplus: false)
        }
    }

    /// The server's close, or bytes that nobody asked for; within TLS there may be neither.
    private func readyWhileIdle() {
        guard hasMoreToRead else { return }
        hasMoreToRead = false
        if link.isSecure, !peerHasClosed, link.read(into: engine.receiveBuffer) == -Int(EAGAIN) {
            return
        }
        engine.dropIdle(self)
    }

    private func askForTurn() {
        guard !hasAskedForTurn else { return }
        hasAskedForTurn = true
        loop.again(self)
    }

    // MARK: Sending

    /// The wait for `100 Continue` is over, with or without it.
    func stopAwaitingContinue(_ exchange: Exchange) {
        exchange.continueDeadlineNs = .max
        guard sending == .awaitingContinue else { return }
        sending = .active
        exchange.lastProgressNs = clinux_monotonic_ns()
        flush(exchange)
    }

    /// Longer than a burst takes: 4 MiB are copied in about 1 ms.
    private static let burstNs: Int64 = 8_000_000

    private var sendAllowanceBytes: Int {
        !link.isSecure && loop.isFree(forNs: Self.burstNs)
            ? configuration.sendBurstBytes : configuration.sendQuantumBytes
    }

    private func flush(_ exchange: Exchange) {
        var left = sendAllowanceBytes
        while !isFull, sending == .active || (sending == .awaitingContinue && !sender.isHeadSent) {
            guard left > 0 else { return askForTurn() }
            let (count, hasRoom) = sender.send(
                exchange.request, over: link, limit: left,
                headOnly: sending == .awaitingContinue, engine.scratch)
            guard count >= 0 else { return sendFailed(Int32(-count)) }
            isFull = !hasRoom
            left -= count
            exchange.bytesSent += Int64(count)
            exchange.noteProgress(at: loop.nowNs)
            if sender.isSent(exchange.request) {
                sending = .ended
                exchange.timings.sendEndNs = clinux_monotonic_ns()
            }
        }
    }

    /// The server may have answered before it closed: that is looked at in the next turn.
    private func sendFailed(_ code: Int32) {
        isFull = true
        guard code != EAGAIN else { return }
        sendError = code
        sending = .ended
        askForTurn()
    }

    // MARK: Receiving

    private func receive(_ exchange: Exchange) {
        let buffer = engine.receiveBuffer
        var left = configuration.sendQuantumBytes
        while self.exchange === exchange {
            guard left > 0 else { return askForTurn() }
            let count = link.read(into: buffer)
            guard count > 0 else { return receivedNothing(exchange, -count) }
            left -= count
            // A short read has emptied the socket, and epoll tells of what comes later; but an end
            // that was told before must still be read, and TLS may hold back records.
            if count < buffer.count, !peerHasClosed, !link.isSecure { hasMoreToRead = false }
            received(exchange, UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            guard hasMoreToRead else { return }
        }
    }

    private func receivedNothing(_ exchange: Exchange, _ code: Int) {
        hasMoreToRead = false
        if code == Int(EAGAIN) {
            if sendError != 0 { engine.lost(self, .sendFailed(code: sendError)) }
            return
        }
        peerHasClosed = true
        if isAnswerHeld || (code == 0 && reader.endsWithConnection) {
            return finish(exchange, at: clinux_monotonic_ns(), hasSurplus: false)
        }
        let failure: TransferFailure =
            if sendError != 0, !hasAnswerBytes {
                .sendFailed(code: sendError)
            } else if code != 0 {
                .receiveFailed(code: Int32(code))
            } else {
                hasAnswerBytes ? .closedInsideAnswer : .closedBeforeAnswer
            }
        engine.lost(self, failure)
    }

    private func received(_ exchange: Exchange, _ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        let now = clinux_monotonic_ns()
        exchange.bytesReceived += Int64(bytes.count)
        exchange.lastProgressNs = now
        guard !isAnswerHeld else { return finish(exchange, at: now, hasSurplus: true) }
        hasAnswerBytes = true
        if exchange.timings.firstByteNs == 0 { exchange.timings.firstByteNs = now }
        while true {
            let progress: AnswerReader.Progress
            do throws(TransferFailure) {
                progress = try reader.take(&rest)
            } catch {
                return engine.lost(self, error)
            }
            switch progress {
            case .needsMore: return
            case .complete: return answerComplete(exchange, at: now, hasSurplus: !rest.isEmpty)
            case .interim(let status):
                if rest.isEmpty { exchange.timings.firstByteNs = 0 }
                if status == 100 { stopAwaitingContinue(exchange) }
                if rest.isEmpty { return }
            }
        }
    }

    /// An answer may come before the end of the request. If it is a success, the rest is wanted;
    /// otherwise the rest is not sent (RFC 9112 §9.5), and the connection is of no further use.
    private func answerComplete(_ exchange: Exchange, at now: Int64, hasSurplus: Bool) {
        let isRestWanted =
            sending == .active
            && (exchange.request.sendsWholeBody || (200..<300).contains(reader.status))
            && reader.keepsAlive && !hasSurplus && !peerHasClosed
        guard isRestWanted else { return finish(exchange, at: now, hasSurplus: hasSurplus) }
        isAnswerHeld = true
    }

    /// With TLS the bytes on the socket are more than ours: records, and at first the handshake.
    func countSocketBytes(_ exchange: Exchange) {
        var (sent, received): (Int64, Int64) = (0, 0)
        guard link.isSecure, clinux_tcp_bytes(link.socket, &sent, &received) == 1 else { return }
        exchange.bytesSent = exchange.bytesSentBefore + (sent - socketBytes.sent)
        exchange.bytesReceived = receivedBefore + (received - socketBytes.received)
        socketBytes = (sent, received)
    }

    private func finish(_ exchange: Exchange, at now: Int64, hasSurplus: Bool) {
        countSocketBytes(exchange)
        exchange.timings.endedNs = now
        exchange.continueDeadlineNs = .max
        exchange.connection = nil
        self.exchange = nil
        idleSinceNs = now
        let isReusable =
            reader.keepsAlive && !hasSurplus && !peerHasClosed && !hasMoreToReadUnasked
            && sending == .ended && sendError == 0
        sending = .ended
        engine.completed(exchange, reader.takeAnswer(), on: self, isReusable: isReusable)
    }

    /// A read that filled the buffer may have left bytes that belong to no answer; of TLS it is
    /// not known, so such bytes are seen when the next request is under way.
    private var hasMoreToReadUnasked: Bool { hasMoreToRead && !link.isSecure }

    /// May an exchange that was lost here be tried again on a fresh connection? A server closes
    /// idle connections as it likes, and may do so while a request is under way (RFC 9112 §9.3.1).
    func mayRetry(_ exchange: Exchange) -> Bool {
        exchange.isConnectionReused && !hasAnswerBytes
            && (exchange.request.mayBeRepeated || exchange.bytesSent == exchange.bytesSentBefore)
    }
}
