import CLinux
import Glibc
import NetIO

/// One client's connection: reads requests one after the other, and writes their answers.
final class ServerConnection: EventSource, ExchangeChannel {
    enum State {
        /// Between requests, or inside a head.
        case head
        /// A request is with its handler; its body may be on the way.
        case exchange
        /// The answer is under way or done, and the connection ends with it.
        case closing
    }

    let descriptor: Int32
    /// nil without TLS.
    let secure: SecureConnection?
    unowned let acceptor: Acceptor
    private(set) var state = State.head
    private var interest: Readiness = .readable
    private(set) var lastProgressNs: Int64
    private(set) var headStartNs: Int64 = 0
    /// Of the stretch of the body that has to bring its bytes in time.
    var stretchStartNs: Int64 = 0
    var stretchBytes: Int64 = 0
    private(set) var isOpen = true

    private(set) var heads = HeadReader()

    private(set) var exchange: Exchange?
    var keepsAlive = true
    private(set) var isHeadRequest = false
    private(set) var isFromPage = false
    private var awaitsContinue = false
    private(set) var incoming = IncomingBody.none
    private(set) var sink: (any BodySink)?
    private(set) var isBodyPaused = false
    private var drained: Int64 = 0

    var output = OutgoingAnswer()
    var hasAnswered = false
    /// When our half ended, and when it was to end; nil before.
    private var shutDownNs: Int64?
    private(set) var closingStartNs: Int64?
    private(set) var hasPeerEnded = false

    init(
        _ descriptor: Int32, _ secure: SecureConnection?, acceptor: Acceptor
    ) throws(SystemError) {
        self.descriptor = descriptor
        self.secure = secure
        heads.isSecure = secure != nil
        self.acceptor = acceptor
        lastProgressNs = acceptor.loop.nowNs
        try acceptor.loop.watch(descriptor, for: .readable, source: self)
    }

    func ready(_ readiness: Readiness) {
        if readiness.contains(.writable) { flush() }
        if isOpen, !readiness.isDisjoint(with: [.readable, .hungUp, .failed]) { read() }
    }

    // MARK: Reading

    private func read() {
        if shutDownNs != nil { return drain() }
        let buffer = acceptor.receiveBuffer
        let count =
            secure?.read(into: buffer) ?? recv(descriptor, buffer.baseAddress, buffer.count, 0)
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            // A client that does not speak TLS, or wrongly: a reset would lose OpenSSL's alert.
            if count < 0, errno == EPROTO, secure?.isShakingHands == true { return beginClosing() }
            guard count == 0, state == .exchange else { return close() }
            return takeEnd()
        }
        lastProgressNs = acceptor.loop.nowNs
        var bytes = UnsafeRawBufferPointer(rebasing: acceptor.receiveBuffer.prefix(count))
        take(&bytes)
        if isOpen, !bytes.isEmpty { heads.keep(bytes) }
        if isOpen { updateInterest() }
    }

    /// After our end whatever comes only keeps the connection from being reset.
    private func drain() {
        let buffer = acceptor.receiveBuffer
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        guard count <= 0 else {
            lastProgressNs = acceptor.loop.nowNs
            return
        }
        if count == 0 || (errno != EAGAIN && errno != EINTR) { close() }
    }

    /// A client may end its half and still wait for the answer (RFC 9112 §9.6).
    private func takeEnd() {
        keepsAlive = false
        hasPeerEnded = true
        if !incoming.isComplete { endBodyEarly(nil) }
        if isOpen { updateInterest() }
    }

    /// Uses what it can of `bytes`; the rest waits for the next request.
    private func take(_ bytes: inout UnsafeRawBufferPointer) {
        while isOpen, !bytes.isEmpty {
            switch state {
            case .head:
                guard takeHead(&bytes) else { return }
            case .exchange:
                if incoming.isComplete { return }
                guard takeBody(&bytes) else { return }
            case .closing:
                bytes = bytes.slice(bytes.count..<bytes.count)
            }
        }
    }

    /// False when the head is not whole yet.
    private func takeHead(_ bytes: inout UnsafeRawBufferPointer) -> Bool {
        if heads.pending.isEmpty { headStartNs = acceptor.loop.nowNs }
        do throws(RequestProblem) {
            guard let head = try heads.next(&bytes, limits: acceptor.limits) else { return false }
            begin(head)
            return true
        } catch {
            bytes = bytes.slice(bytes.count..<bytes.count)
            refuse(error)
            return false
        }
    }

    private func begin(_ head: RequestHead) {
        state = .exchange
        keepsAlive = head.keepsAlive
        isHeadRequest = head.request.method == "HEAD"
        isFromPage = head.hasOrigin
        hasAnswered = false
        isBodyPaused = false
        drained = 0
        sink = nil
        incoming = IncomingBody(head.request)
        awaitsContinue = head.expectsContinue && !incoming.isComplete
        let exchange = Exchange(request: head.request, channel: self)
        self.exchange = exchange
        acceptor.handler.handle(exchange)
    }

    /// False when the rest has to wait.
    private func takeBody(_ bytes: inout UnsafeRawBufferPointer) -> Bool {
        guard sink != nil || hasAnswered, !isBodyPaused else { return false }
        do throws(SyntaxError) {
            while let data = try incoming.next(&bytes) {
                stretchBytes += Int64(data.count)
                if let sink {
                    sink.receive(data)
                    guard isOpen else { return false }
                } else {
                    drained += Int64(data.count)
                }
                if isBodyPaused { break }
            }
        } catch {
            endBodyEarly(.malformed(error.description))
            return false
        }
        if drained > acceptor.limits.drainedBodyBytes {
            beginClosing()
            return false
        }
        if incoming.isComplete { finishBody() }
        return isOpen
    }

    private func finishBody() {
        let finished = sink
        sink = nil
        finished?.finish()
        completeIfDone()
    }

    /// Nothing more can come of this body. The role may still answer in its `abort`; or else
    /// `problem` is told, if there is one and someone to read it.
    func endBodyEarly(_ problem: RequestProblem?) {
        keepsAlive = false
        incoming = .none
        let hadAnswered = hasAnswered
        abortBody()
        guard isOpen else { return }
        if hadAnswered {
            completeIfDone()
        } else if !hasAnswered {
            if let problem { refuse(problem) } else { close() }
        }
    }

    private func abortBody() {
        let aborted = sink
        sink = nil
        aborted?.abort()
    }

    // MARK: What a role asks for

    func receiveBody(of exchange: Exchange, into sink: any BodySink) {
        guard exchange === self.exchange, isOpen else { return sink.abort() }
        self.sink = sink
        beginStretch()
        if incoming.isComplete { return finishBody() }
        if awaitsContinue {
            awaitsContinue = false
            output.append("HTTP/1.1 100 Continue\r\n\r\n".utf8)
            flush()
        }
        takePending()
        // A role may ask for the body long after the head: then nobody watches for it yet.
        if isOpen { updateInterest() }
    }

    func setBodyPaused(_ isPaused: Bool, of exchange: Exchange) {
        guard exchange === self.exchange, isOpen, isPaused != isBodyPaused else { return }
        isBodyPaused = isPaused
        beginStretch()
        if !isPaused { takePending() }
        if isOpen { updateInterest() }
    }

    func respond(_ response: HTTPResponse, to exchange: Exchange) {
        guard exchange === self.exchange, isOpen, !hasAnswered else {
            return response.body.abandon()
        }
        hasAnswered = true
        note(response.status)
        // The client was told to wait for a 100 that does not come: it may send the body all the
        // same, or not at all, so nothing can follow (RFC 9110 §10.1.1).
        if awaitsContinue { keepsAlive = false }
        if case .fixed(let left) = incoming, left > acceptor.limits.drainedBodyBytes {
            keepsAlive = false
        }
        output.append(
            ResponseHead.render(
                response, date: acceptor.currentDateField(), keepsAlive: keepsAlive,
                isHead: isHeadRequest, showsTimes: isFromPage))
        begin(response.body)
        answerHasBegun()
    }

    func awaitsAnswer(to exchange: Exchange) -> Bool {
        exchange === self.exchange && isOpen && !hasAnswered
    }

    func answerHasBegun() {
        lastProgressNs = acceptor.loop.nowNs
        var unheard: (any BodySink)?
        if !incoming.isComplete {
            // The role has seen enough of the body: the rest is drained, or closes the connection.
            unheard = sink
            sink = nil
            isBodyPaused = false
            beginStretch()
        }
        unheard?.abandon()
        flush()
        if isOpen { takePending() }
        if isOpen { updateInterest() }
    }

    func begin(_ body: HTTPResponse.Body) {
        guard !isHeadRequest else { return body.abandon() }
        if case .stream(let source, _) = body {
            source.onRefill { [weak self] in
                if let self, isOpen { flush() }
            }
        }
        output.append(body)
    }

    func refuse(_ problem: RequestProblem) {
        keepsAlive = false
        hasAnswered = true
        let response = acceptor.handler.refusal(for: problem)
        note(response.status)
        output.append(
            ResponseHead.render(
                response, date: acceptor.currentDateField(), keepsAlive: false, isHead: false))
        output.append(response.body)
        incoming = .none
        flush()
        if isOpen { beginClosing() }
    }

    private func takePending() {
        guard state == .exchange, !incoming.isComplete else { return }
        usePending()
    }

    private func usePending() {
        let waiting = heads.takePending()
        guard !waiting.isEmpty else { return }
        waiting.withUnsafeBytes { all in
            var bytes = all
            take(&bytes)
            if isOpen, !bytes.isEmpty { heads.putBack(bytes) }
        }
    }

    // MARK: Writing

    /// What one connection may write before the others have their turn.
    private static let turnBytes = 1024 * 1024

    private func flush() {
        var written = 0
        writing: while written < Self.turnBytes {
            switch output.write(to: descriptor, secure) {
            case .sent(let count):
                written += count
                lastProgressNs = acceptor.loop.nowNs
            case .wouldBlock, .done: break writing
            case .broken: return close()
            }
        }
        completeIfDone()
        if isOpen { updateInterest() }
    }

    /// Goes on with the next request once both halves of this one are over.
    private func completeIfDone() {
        guard state == .exchange, hasAnswered, output.isDone else { return }
        guard keepsAlive else { return beginClosing() }
        guard incoming.isComplete else { return }
        output.rest()
        state = .head
        exchange = nil
        sink = nil
        usePending()
    }

    /// Sends what is to be sent, then waits a moment for the client to read it: closing with
    /// unread bytes would reset the connection and lose the answer (RFC 9112 §9.6).
    private func beginClosing() {
        abortBody()
        if closingStartNs == nil { closingStartNs = acceptor.loop.nowNs }
        state = .closing
        exchange = nil
        _ = heads.takePending()
        guard output.isDone else { return }
        if hasPeerEnded { return close() }
        shutDownNs = acceptor.loop.nowNs
        secure?.endWriting()
        shutdown(descriptor, Int32(SHUT_WR))
    }

    private func updateInterest() {
        if state == .closing, output.isDone, shutDownNs == nil { beginClosing() }
        var wanted: Readiness = []
        let holdsBody =
            state == .exchange && !incoming.isComplete
            && (isBodyPaused || (sink == nil && !hasAnswered))
        // Bytes of a pipelined request wait in the kernel, but for what came with the last read.
        let holdsNext = state == .exchange && incoming.isComplete && !heads.pending.isEmpty
        if !holdsBody, !holdsNext, !hasPeerEnded { wanted.insert(.readable) }
        if !output.isDone, !output.isDry { wanted.insert(.writable) }
        guard wanted != interest else { return }
        interest = wanted
        acceptor.loop.change(descriptor, to: wanted)
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        if !hasAnswered { note(nil) }
        abortBody()
        exchange = nil
        output.dropStream()
        acceptor.loop.unwatch(descriptor)
        Glibc.close(descriptor)
        acceptor.ended(self)
    }
}
