import CLinux
import Glibc
import NetIO

/// One connection to another role, used by one request after the other.
final class UpstreamConnection: EventSource {
    private let descriptor: Int32
    private unowned let loop: EventLoop
    private let limits: UpstreamLimits
    /// Outlives all requests, but not the last events of its connections.
    private weak var client: UpstreamClient?
    private var interest: Readiness = [.readable, .writable]
    private var isConnected = false
    private var isOpen = true

    private var exchange: UpstreamExchange?
    private var reader: UpstreamAnswerReader
    private var output: [UInt8] = []
    private var outputOffset = 0
    private var isReading = true
    /// The peer takes no more; its answer may still be there to read.
    private var isCutOff = false
    private var lastProgressNs: Int64 = 0
    private var timer: TimerID?

    /// Starts to connect; the event loop holds it until `close`.
    init(client: UpstreamClient) throws(SystemError) {
        self.client = client
        loop = client.loop
        limits = client.limits
        reader = UpstreamAnswerReader(isHead: false, limits: client.limits)
        let kind = clinux_SOCK_STREAM | clinux_SOCK_NONBLOCK | clinux_SOCK_CLOEXEC
        descriptor = socket(client.address.family, kind, 0)
        guard descriptor >= 0 else { throw SystemError(operation: "socket") }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        let code = client.address.withPointer { connect(descriptor, $0, $1) }
        guard code == 0 || errno == EINPROGRESS else {
            let error = SystemError(operation: "connect")
            Glibc.close(descriptor)
            throw error
        }
        do throws(SystemError) {
            try loop.watch(descriptor, for: interest, source: self)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        OpenConnections.add()
    }

    deinit {
        guard isOpen else { return }
        OpenConnections.remove()
        Glibc.close(descriptor)
    }

    /// False when an idle connection's end has come but was not told yet.
    var isUsable: Bool {
        guard isOpen, isConnected else { return isOpen }
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
        return count < 0 && errno == EAGAIN
    }

    var waitingBytes: Int { output.count - outputOffset }

    // MARK: A request

    /// - Parameter bytes: the head, and what there is of the body.
    func begin(_ exchange: UpstreamExchange, _ bytes: [UInt8]) {
        self.exchange = exchange
        reader = UpstreamAnswerReader(isHead: exchange.isHead, limits: limits)
        isReading = true
        lastProgressNs = loop.nowNs
        watchTime()
        bytes.withUnsafeBytes(write)
        updateInterest()
    }

    /// Gives the network what it takes at once, and keeps the rest.
    func write(_ bytes: UnsafeRawBufferPointer) {
        guard exchange != nil, isOpen, !isCutOff else { return }
        var sent = 0
        if isConnected, waitingBytes == 0 {
            // A failure is told by the loop: here the caller is in the middle of something.
            sent = max(0, send(descriptor, bytes.baseAddress, bytes.count, clinux_MSG_NOSIGNAL))
            if sent > 0 { lastProgressNs = loop.nowNs }
        }
        guard sent < bytes.count else { return }
        // The time limit counts from when there is something to wait for.
        if waitingBytes == 0 { lastProgressNs = loop.nowNs }
        output.append(contentsOf: bytes.slice(sent..<bytes.count))
        updateInterest()
    }

    /// From now on it is the other role's turn.
    func noteTurn() { lastProgressNs = loop.nowNs }

    func setReading(_ isReading: Bool) {
        guard isOpen, self.isReading != isReading else { return }
        self.isReading = isReading
        lastProgressNs = loop.nowNs
        updateInterest()
    }

    /// Ends it without a word to its exchange.
    func close() {
        guard isOpen else { return }
        isOpen = false
        stopTimer()
        exchange = nil
        loop.unwatch(descriptor)
        OpenConnections.remove()
        Glibc.close(descriptor)
    }

    // MARK: Events

    func ready(_ readiness: Readiness) {
        let hasFailed = !readiness.isDisjoint(with: [.hungUp, .failed])
        if !isConnected, readiness.contains(.writable), !hasFailed {
            isConnected = true
            lastProgressNs = loop.nowNs
            // From now on the other time limit holds.
            if exchange != nil { watchTime() }
        }
        guard exchange != nil else { return readyWhenIdle(readiness, hasFailed) }
        if readiness.contains(.writable), !hasFailed { flush() }
        // A failure is found by reading: an answer may have come before it.
        if isOpen, hasFailed || readiness.contains(.readable) { read() }
        if isOpen { updateInterest() }
    }

    /// Nothing was asked for: what comes is the connection's end, or nonsense.
    private func readyWhenIdle(_ readiness: Readiness, _ hasFailed: Bool) {
        guard hasFailed || readiness.contains(.readable) else { return updateInterest() }
        close()
        client?.lost(self)
    }

    private func updateInterest() {
        var wanted: Readiness = []
        if exchange == nil || isReading { wanted.insert(.readable) }
        if !isConnected || waitingBytes > 0 { wanted.insert(.writable) }
        guard wanted != interest, isOpen else { return }
        interest = wanted
        loop.change(descriptor, to: wanted)
    }

    private func flush() {
        guard waitingBytes > 0 else { return }
        let sent = output.withUnsafeBytes {
            send(
                descriptor, $0.baseAddress?.advanced(by: outputOffset), waitingBytes,
                clinux_MSG_NOSIGNAL)
        }
        guard sent >= 0 else {
            if errno != EAGAIN, errno != EINTR { cutOff() }
            return
        }
        lastProgressNs = loop.nowNs
        outputOffset += sent
        if waitingBytes == 0 {
            output.removeAll(keepingCapacity: true)
            outputOffset = 0
        } else if outputOffset >= limits.waitingBytes {
            output.removeFirst(outputOffset)
            outputOffset = 0
        }
        exchange?.noteDrain()
    }

    /// What waits will never go out; an answer that came before the body's end may be there.
    private func cutOff() {
        isCutOff = true
        output = []
        outputOffset = 0
        read()
        exchange?.noteDrain()
    }

    private func read() {
        guard let buffer = client?.receiveBuffer else { return }
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            return count == 0 ? takeEnd() : fail(errno)
        }
        lastProgressNs = loop.nowNs
        exchange?.answerBegins()
        var bytes = UnsafeRawBufferPointer(rebasing: buffer.prefix(count))
        do throws(SyntaxError) {
            while isOpen, exchange != nil, let event = try reader.next(&bytes) {
                if case .end = event { return complete(isAlone: bytes.isEmpty) }
                exchange?.deliver(event)
            }
        } catch {
            fail(EPROTO)
        }
    }

    private func takeEnd() {
        if reader.endsWithConnection() { return complete(isAlone: false) }
        fail(ECONNRESET)
    }

    // MARK: The end of a request

    /// - Parameter isAlone: nothing that was not asked for came behind the answer.
    private func complete(isAlone: Bool) {
        guard let exchange = stop() else { return }
        // What is left of the body would be taken for the next request.
        let isClean = waitingBytes == 0 && !exchange.isUnfinished && !isCutOff
        if isAlone, isClean, reader.keepsConnection, let client {
            client.release(self)
            updateInterest()
        } else {
            close()
        }
        exchange.deliver(.end)
    }

    private func fail(_ code: Int32) {
        let exchange = stop()
        close()
        exchange?.lost(SystemError(operation: "upstream", code: code))
    }

    private func stop() -> UpstreamExchange? {
        stopTimer()
        defer { exchange = nil }
        return exchange
    }

    // MARK: Time

    /// Whose turn is it? A slow client, or one that reads slowly, is not the other role's fault.
    private var isWaitingForPeer: Bool {
        guard isConnected, waitingBytes == 0 else { return true }
        return isReading && exchange?.isUnfinished == false
    }

    private func watchTime() {
        stopTimer()
        let limitNs = isConnected ? limits.silenceNs : limits.connectNs
        if !isWaitingForPeer { lastProgressNs = loop.nowNs }
        timer = loop.schedule(atNs: lastProgressNs + limitNs) { [weak self] in
            guard let self else { return }
            timer = nil
            if isWaitingForPeer, loop.nowNs - lastProgressNs >= limitNs {
                return fail(ETIMEDOUT)
            }
            watchTime()
        }
    }

    private func stopTimer() {
        if let timer { loop.cancel(timer) }
        timer = nil
    }
}
