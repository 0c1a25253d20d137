import CCurl
import CLinux
import Glibc
import Measure
import NetIO

/// One socket and the request that it carries, if any.
final class Connection: EventSource {
    let origin: Origin
    private let made: MadeConnection
    private unowned let engine: TransferEngine
    private let isSecure: Bool
    private var interest: Readiness = [.readable, .peerClosed]
    private var scratch = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    private(set) var transfer: Transfer?
    private var outgoing: OutgoingRequest?
    private var parser: AnswerParser?
    private var continueTimer: TimerID?
    /// Position among the engine's connections.
    var slot = 0
    private(set) var hasCarriedRequests = false
    private var hasAnswerBytes = false
    private var isOpen = true

    init(_ made: MadeConnection, origin: Origin, engine: TransferEngine) throws(SystemError) {
        self.made = made
        self.origin = origin
        self.engine = engine
        isSecure = origin.scheme == .https
        if let bytes = engine.configuration.socketSendBufferBytes {
            var size = Int32(clamping: bytes)
            setsockopt(
                made.socket, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        try engine.loop.watch(made.socket, for: interest, source: self)
    }

    deinit { scratch.deallocate() }

    func carry(_ transfer: Transfer) {
        self.transfer = transfer
        transfer.isConnectionReused = hasCarriedRequests
        if !hasCarriedRequests {
            transfer.timings.connectNs = made.connectNs
            transfer.timings.tlsNs = made.tlsNs
        }
        hasCarriedRequests = true
        hasAnswerBytes = false
        parser = AnswerParser(
            isHeadRequest: transfer.request.isHead, configuration: engine.configuration)
        outgoing = OutgoingRequest(transfer.request, scratch: &scratch)
        transfer.timings.sendStartNs = monotonicNs()
        transfer.lastProgressNs = transfer.timings.sendStartNs
        if transfer.request.expectsContinue { waitForContinue() }
        send()
    }

    /// Ends the connection; its transfer is the engine's business.
    func close() {
        guard isOpen else { return }
        isOpen = false
        cancelContinueTimer()
        engine.loop.unwatch(made.socket)
        engine.connector.close(made.handle)
        outgoing = nil
        parser = nil
    }

    func ready(_ readiness: Readiness) {
        guard transfer != nil else {
            // Whatever comes on an idle connection ends it: usually it is the server's close.
            engine.lost(self, .closedBeforeAnswer)
            return
        }
        if !readiness.isDisjoint(with: [.readable, .peerClosed, .hungUp, .failed]) { receive() }
        if isOpen, transfer != nil, readiness.contains(.writable) { send() }
    }

    // MARK: Sending

    private func send() {
        guard var request = outgoing, let transfer, !request.isSent else { return }
        let limit =
            isWaitingForContinue
            ? request.headCount - request.sentCount : engine.configuration.sendQuantumBytes
        guard limit > 0 else { return }
        switch write(request, limit: limit) {
        case .success(let count):
            request.advance(count)
            outgoing = request
            transfer.bytesSent += Int64(count)
            transfer.lastProgressNs = engine.loop.nowNs
            let mustWait = isWaitingForContinue && request.sentCount >= request.headCount
            if request.isSent { transfer.timings.sendEndNs = monotonicNs() }
            want(writing: !request.isSent && !mustWait)
        case .failure(let failure) where failure.code == EAGAIN:
            want(writing: true)
        case .failure(let failure):
            // The server may have answered before it closed: the answer counts.
            receive()
            if isOpen, self.transfer != nil { engine.lost(self, .sendFailed(code: failure.code)) }
        }
    }

    private func write(_ request: OutgoingRequest, limit: Int) -> Result<Int, SystemError> {
        request.withPieces(limit: limit) { pieces, count in
            if isSecure { return writeSecurely(pieces[0]) }
            var message = msghdr()
            message.msg_iov = pieces
            message.msg_iovlen = count
            while true {
                let sent = sendmsg(made.socket, &message, clinux_MSG_NOSIGNAL)
                if sent >= 0 { return .success(sent) }
                guard errno == EINTR else { return .failure(SystemError(operation: "send")) }
            }
        }
    }

    private func writeSecurely(_ piece: iovec) -> Result<Int, SystemError> {
        var sent = 0
        return switch curl_easy_send(made.handle, piece.iov_base, piece.iov_len, &sent) {
        case CURLE_OK: .success(sent)
        case CURLE_AGAIN: .failure(SystemError(operation: "send", code: EAGAIN))
        default: .failure(SystemError(operation: "send", code: EPIPE))
        }
    }

    private func want(writing: Bool) {
        let wanted: Readiness =
            writing ? [.readable, .peerClosed, .writable] : [.readable, .peerClosed]
        guard wanted != interest else { return }
        interest = wanted
        engine.loop.change(made.socket, to: wanted)
    }

    // MARK: 100-continue

    private var isWaitingForContinue: Bool { continueTimer != nil }

    private func waitForContinue() {
        continueTimer = engine.loop.schedule(afterNs: engine.configuration.continueTimeoutNs) {
            [unowned self] in
            continueTimer = nil
            send()
        }
    }

    private func cancelContinueTimer() {
        if let continueTimer { engine.loop.cancel(continueTimer) }
        continueTimer = nil
    }

    // MARK: Receiving

    private func receive() {
        let buffer = engine.receiveBuffer
        while isOpen, let transfer {
            let count: Int
            switch read(into: buffer) {
            case .success(let bytes): count = bytes
            case .failure(let failure):
                if failure.code != EAGAIN { engine.lost(self, .receiveFailed(code: failure.code)) }
                return
            }
            transfer.lastProgressNs = engine.loop.nowNs
            guard count > 0 else {
                peerClosed(transfer)
                return
            }
            transfer.bytesReceived += Int64(count)
            hasAnswerBytes = true
            if transfer.timings.firstByteNs == 0 { transfer.timings.firstByteNs = monotonicNs() }
            parse(UnsafeRawBufferPointer(rebasing: buffer.prefix(count)))
            // A short read has emptied the socket; epoll tells of more. TLS may hold back records.
            if count < buffer.count && !isSecure { return }
        }
    }

    private func read(
        into buffer: UnsafeMutableRawBufferPointer
    ) -> Result<Int, SystemError> {
        if isSecure {
            var count = 0
            return switch curl_easy_recv(made.handle, buffer.baseAddress, buffer.count, &count) {
            case CURLE_OK: .success(count)
            case CURLE_AGAIN: .failure(SystemError(operation: "receive", code: EAGAIN))
            default: .failure(SystemError(operation: "receive", code: ECONNRESET))
            }
        }
        while true {
            let count = recv(made.socket, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return .success(count) }
            guard errno == EINTR else { return .failure(SystemError(operation: "receive")) }
        }
    }

    private func parse(_ received: UnsafeRawBufferPointer) {
        var bytes = received
        while !bytes.isEmpty {
            let event: AnswerParser.Event
            do throws(TransferFailure) {
                event = try parser?.take(&bytes) ?? .needsMore
            } catch {
                engine.lost(self, error)
                return
            }
            switch event {
            case .needsMore: return
            case .interim(let status):
                if status == 100, isWaitingForContinue {
                    cancelContinueTimer()
                    send()
                    guard isOpen else { return }
                }
            case .complete:
                complete(hasSurplus: !bytes.isEmpty)
                return
            }
        }
    }

    private func peerClosed(_ transfer: Transfer) {
        if parser?.isReadingUntilClose == true {
            complete(hasSurplus: false)
        } else {
            engine.lost(self, hasAnswerBytes ? .closedInsideAnswer : .closedBeforeAnswer)
        }
    }

    /// An answer before the end of the body is final: what is left of the body is not sent, and
    /// the connection cannot be used again (RFC 9112 §9.3).
    private func complete(hasSurplus: Bool) {
        guard let parser, let transfer else { return }
        let isWholeRequestSent = outgoing?.isSent ?? false
        cancelContinueTimer()
        self.transfer = nil
        self.parser = nil
        outgoing = nil
        transfer.timings.endedNs = monotonicNs()
        let isReusable = parser.keepsAlive && isWholeRequestSent && !hasSurplus
        if isReusable { want(writing: false) }
        engine.completed(transfer, parser, on: self, isReusable: isReusable)
    }

    /// May the transfer that was lost on this connection be tried again on a new one? A server
    /// closes idle connections as it likes, and may do so while the next request is under way.
    func isStale(for transfer: Transfer) -> Bool {
        transfer.isConnectionReused && !hasAnswerBytes
            && (transfer.request.isIdempotent || transfer.bytesSent == transfer.bytesSentBefore)
    }

    func releaseTransfer() -> Transfer? {
        defer { transfer = nil }
        return transfer
    }
}
