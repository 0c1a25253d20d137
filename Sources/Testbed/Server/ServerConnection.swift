import CLinux
import Glibc
import NetIO

/// One client's connection: reads requests one after the other, and writes their answers.
final class ServerConnection: EventSource, ExchangeChannel {
    private enum State {
        /// Between requests, or inside a head.
        case head
        /// A request is with its handler; its body may be on the way.
        case exchange
        /// The answer is under way or done, and the connection ends with it.
        case closing
    }

    private let descriptor: Int32
    private unowned let acceptor: Acceptor
    private var state = State.head
    private var interest: Readiness = .readable
    private var lastProgressNs: Int64
    private var headStartNs: Int64 = 0
    private var isOpen = true

    /// Bytes that were read and not used: a part of a head, or what follows a body.
    private var pending: [UInt8] = []
    private var scanner = RequestHeadScanner()

    private var exchange: Exchange?
    private var keepsAlive = true
    private var isHeadRequest = false
    private var awaitsContinue = false
    private var incoming = IncomingBody.none
    private var sink: (any BodySink)?
    private var isBodyPaused = false
    private var drained: Int64 = 0

    private var output: [UInt8] = []
    private var outputOffset = 0
    private var stream: (source: any BodySource, left: Int64)?
    private var hasAnswered = false
    private var isShutDown = false
    private var hasPeerEnded = false

    init(_ descriptor: Int32, acceptor: Acceptor) throws(SystemError) {
        self.descriptor = descriptor
        self.acceptor = acceptor
        lastProgressNs = acceptor.loop.nowNs
        try acceptor.loop.watch(descriptor, for: .readable, source: self)
    }

    func ready(_ readiness: Readiness) {
        if readiness.contains(.writable) { flush() }
        if isOpen, !readiness.isDisjoint(with: [.readable, .hungUp, .failed]) { read() }
    }

    // MARK: Time

    func isOverdue(_ now: Int64) -> Bool {
        switch state {
        case .head where pending.isEmpty: now - lastProgressNs > acceptor.timeouts.idleNs
        // From its first byte on: a head that trickles in would hold its place for ever.
        case .head: now - headStartNs > acceptor.timeouts.headNs
        // A role takes the time that it takes; a body or an answer must move.
        case .exchange:
            !isWaitingForRole && now - lastProgressNs > acceptor.timeouts.stallNs
        case .closing: now - lastProgressNs > acceptor.timeouts.lingerNs
        }
    }

    private var isWaitingForRole: Bool {
        !hasAnswered && (incoming.isComplete || isBodyPaused || sink == nil)
    }

    func timeOut() {
        switch state {
        case .head where !pending.isEmpty: refuse(.headTimedOut)
        case .exchange where !hasAnswered: endBodyEarly(.bodyTimedOut)
        default: close()
        }
    }

    // MARK: Reading

    private func read() {
        let count = recv(
            descriptor, acceptor.receiveBuffer.baseAddress, acceptor.receiveBuffer.count, 0)
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            guard count == 0, state == .exchange else { return close() }
            return takeEnd()
        }
        lastProgressNs = acceptor.loop.nowNs
        if isShutDown { return }
        var bytes = UnsafeRawBufferPointer(rebasing: acceptor.receiveBuffer.prefix(count))
        take(&bytes)
        if isOpen, !bytes.isEmpty { pending.append(contentsOf: bytes) }
        if isOpen { updateInterest() }
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
        let before = pending.count
        let limits = acceptor.limits
        do throws(RequestProblem) {
            if before == 0 {
                guard let end = try scanner.end(in: bytes, limits: limits) else {
                    headStartNs = acceptor.loop.nowNs
                    pending.append(contentsOf: bytes)
                    bytes = bytes.slice(bytes.count..<bytes.count)
                    return false
                }
                let head = try RequestHead(parsing: bytes.slice(0..<end), limits: limits)
                bytes = bytes.slice(end..<bytes.count)
                begin(head)
                return true
            }
            pending.append(contentsOf: bytes)
            let whole = pending
            let head = try Self.parse(whole, &scanner, limits)
            guard let head else {
                bytes = bytes.slice(bytes.count..<bytes.count)
                return false
            }
            pending = []
            bytes = bytes.slice((head.1 - before)..<bytes.count)
            begin(head.0)
            return true
        } catch {
            bytes = bytes.slice(bytes.count..<bytes.count)
            refuse(error)
            return false
        }
    }

    private static func parse(
        _ bytes: [UInt8], _ scanner: inout RequestHeadScanner, _ limits: ServerLimits
    ) throws(RequestProblem) -> (RequestHead, Int)? {
        var result: Result<(RequestHead, Int)?, RequestProblem> = .success(nil)
        bytes.withUnsafeBytes { all in
            do throws(RequestProblem) {
                guard let end = try scanner.end(in: all, limits: limits) else { return }
                result = .success(
                    (try RequestHead(parsing: all.slice(0..<end), limits: limits), end))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }

    private func begin(_ head: RequestHead) {
        scanner = RequestHeadScanner()
        state = .exchange
        keepsAlive = head.keepsAlive
        isHeadRequest = head.request.method == "HEAD"
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
    private func endBodyEarly(_ problem: RequestProblem?) {
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
        if incoming.isComplete { return finishBody() }
        if awaitsContinue {
            awaitsContinue = false
            output += "HTTP/1.1 100 Continue\r\n\r\n".utf8
            flush()
        }
        takePending()
    }

    func setBodyPaused(_ isPaused: Bool, of exchange: Exchange) {
        guard exchange === self.exchange, isOpen, isPaused != isBodyPaused else { return }
        isBodyPaused = isPaused
        if !isPaused { takePending() }
        if isOpen { updateInterest() }
    }

    func respond(_ response: HTTPResponse, to exchange: Exchange) {
        guard exchange === self.exchange, isOpen, !hasAnswered else { return }
        hasAnswered = true
        // The client was told to wait for a 100 that does not come: it may send the body all the
        // same, or not at all, so nothing can follow (RFC 9110 §10.1.1).
        if awaitsContinue { keepsAlive = false }
        if case .fixed(let left) = incoming, left > acceptor.limits.drainedBodyBytes {
            keepsAlive = false
        }
        output += ResponseHead.render(
            response, date: acceptor.currentDateField(), keepsAlive: keepsAlive,
            isHead: isHeadRequest)
        if !isHeadRequest {
            switch response.body {
            case .none: break
            case .bytes(let bytes): output += bytes
            case .stream(let source, let length): stream = (source, length)
            }
        }
        lastProgressNs = acceptor.loop.nowNs
        if sink != nil, !incoming.isComplete {
            // The role has seen enough of the body.
            sink = nil
        }
        flush()
        if isOpen { takePending() }
        if isOpen { updateInterest() }
    }

    private func refuse(_ problem: RequestProblem) {
        keepsAlive = false
        hasAnswered = true
        let response = HTTPResponse(
            status: problem.status, headers: [("Content-Type", "text/plain")],
            body: .bytes(Array((problem.message + "\n").utf8)))
        output += ResponseHead.render(
            response, date: acceptor.currentDateField(), keepsAlive: false, isHead: false)
        if case .bytes(let bytes) = response.body { output += bytes }
        incoming = .none
        flush()
        if isOpen { beginClosing() }
    }

    private func takePending() {
        guard !pending.isEmpty, state == .exchange, !incoming.isComplete else { return }
        let waiting = pending
        pending = []
        waiting.withUnsafeBytes { all in
            var bytes = all
            take(&bytes)
            if isOpen, !bytes.isEmpty { pending.insert(contentsOf: bytes, at: 0) }
        }
    }

    // MARK: Writing

    private static let streamPieceBytes = 256 * 1024
    /// What one connection may write before the others have their turn.
    private static let turnBytes = 1024 * 1024

    private func flush() {
        var turnBytes = 0
        while isOpen, turnBytes < Self.turnBytes {
            if outputOffset == output.count {
                output.removeAll(keepingCapacity: true)
                outputOffset = 0
                guard refillFromStream() else { break }
            }
            let sent = output.withUnsafeBytes {
                send(
                    descriptor, $0.baseAddress?.advanced(by: outputOffset),
                    $0.count - outputOffset, clinux_MSG_NOSIGNAL)
            }
            if sent < 0 {
                if errno == EAGAIN || errno == EINTR { break }
                close()
                return
            }
            outputOffset += sent
            turnBytes += sent
            lastProgressNs = acceptor.loop.nowNs
        }
        guard isOpen else { return }
        completeIfDone()
        if isOpen { updateInterest() }
    }

    private func refillFromStream() -> Bool {
        guard let (source, left) = stream, left > 0 else {
            stream = nil
            return false
        }
        let capacity = Int(min(left, Int64(Self.streamPieceBytes)))
        var isCut = false
        output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let read = source.read(into: UnsafeMutableRawBufferPointer(buffer))
            isCut = read <= 0
            count = max(0, min(read, capacity))
        }
        if isCut {
            close()
            return false
        }
        stream = (source, left - Int64(output.count))
        return true
    }

    private var isOutputDone: Bool { outputOffset == output.count && stream == nil }

    /// Goes on with the next request once both halves of this one are over.
    private func completeIfDone() {
        guard state == .exchange, hasAnswered, isOutputDone else { return }
        guard keepsAlive else { return beginClosing() }
        guard incoming.isComplete else { return }
        state = .head
        exchange = nil
        sink = nil
        guard !pending.isEmpty else { return }
        let waiting = pending
        pending = []
        waiting.withUnsafeBytes { all in
            var bytes = all
            take(&bytes)
            if isOpen, !bytes.isEmpty { pending.insert(contentsOf: bytes, at: 0) }
        }
    }

    /// Sends what is to be sent, then waits a moment for the client to read it: closing with
    /// unread bytes would reset the connection and lose the answer (RFC 9112 §9.6).
    private func beginClosing() {
        abortBody()
        state = .closing
        exchange = nil
        pending = []
        guard isOutputDone else { return }
        if hasPeerEnded { return close() }
        isShutDown = true
        shutdown(descriptor, Int32(SHUT_WR))
    }

    private func updateInterest() {
        if state == .closing, isOutputDone, !isShutDown { beginClosing() }
        var wanted: Readiness = []
        let holdsBody =
            state == .exchange && !incoming.isComplete
            && (isBodyPaused || (sink == nil && !hasAnswered))
        // Bytes of a pipelined request wait in the kernel, but for what came with the last read.
        let holdsNext = state == .exchange && incoming.isComplete && !pending.isEmpty
        if !holdsBody, !holdsNext, !hasPeerEnded { wanted.insert(.readable) }
        if !isOutputDone { wanted.insert(.writable) }
        guard wanted != interest else { return }
        interest = wanted
        acceptor.loop.change(descriptor, to: wanted)
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        abortBody()
        exchange = nil
        stream = nil
        acceptor.loop.unwatch(descriptor)
        Glibc.close(descriptor)
        acceptor.ended(self)
    }
}

/// What is still to come of a request's body.
enum IncomingBody {
    case none
    case fixed(left: Int64)
    case chunked(ChunkedDecoder)

    init(_ request: HTTPRequest) {
        if request.isChunked {
            self = .chunked(ChunkedDecoder())
        } else if let length = request.contentLength, length > 0 {
            self = .fixed(left: length)
        } else {
            self = .none
        }
    }

    var isComplete: Bool {
        switch self {
        case .none: true
        case .fixed(let left): left == 0
        case .chunked(let decoder): decoder.isComplete
        }
    }

    /// The next run of data off the front of `bytes`; nil when there is none.
    mutating func next(
        _ bytes: inout UnsafeRawBufferPointer
    ) throws(SyntaxError) -> UnsafeRawBufferPointer? {
        switch self {
        case .none: return nil
        case .fixed(let left):
            let count = Int(min(left, Int64(bytes.count)))
            guard count > 0 else { return nil }
            let data = bytes.slice(0..<count)
            bytes = bytes.slice(count..<bytes.count)
            self = .fixed(left: left - Int64(count))
            return data
        case .chunked(var decoder):
            let data = try decoder.next(&bytes)
            self = .chunked(decoder)
            return data
        }
    }
}
