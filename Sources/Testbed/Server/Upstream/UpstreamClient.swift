import CLinux
import Glibc
import NetIO

/// An answer that one role got from another.
struct UpstreamAnswer {
    let status: Int
    let headers: HeaderFields
    let body: [UInt8]
}

/// Requests from one role to another, over kept connections and on the asking role's loop.
final class UpstreamClient {
    typealias Completion = (Result<UpstreamAnswer, SystemError>) -> Void

    let loop: EventLoop
    fileprivate let address: SocketAddress
    private var idle: [UpstreamConnection] = []
    private static let idleLimit = 256

    init(loop: EventLoop, address: SocketAddress) {
        self.loop = loop
        self.address = address
    }

    /// - Parameter head: request line and fields with the blank line.
    func send(_ head: [UInt8], completion: @escaping Completion) {
        if let connection = idle.popLast() {
            connection.send(head) { [unowned self] result in
                // The role closes idle connections as it likes: once more on a new one.
                if case .failure(let error) = result, [ECONNRESET, EPIPE].contains(error.code) {
                    return sendFresh(head, completion)
                }
                completion(result)
            }
            return
        }
        sendFresh(head, completion)
    }

    /// Opens connections ahead, so that the first requests find them open.
    func keepWarm(_ count: Int) {
        while idle.count < min(count, Self.idleLimit),
            let made = try? UpstreamConnection(client: self)
        {
            idle.append(made)
        }
    }

    /// Begins a request whose body follows piece by piece. A connection that turns out to be closed
    /// fails it: the pieces are not kept for a second try.
    ///
    /// - Parameters:
    ///   - head: with the body's length.
    ///   - isHead: of a HEAD request, whose answer has a length and no body.
    func open(
        _ head: [UInt8], isHead: Bool = false, completion: @escaping Completion
    ) -> UpstreamExchange {
        let exchange = UpstreamExchange()
        do throws(SystemError) {
            let connection: UpstreamConnection
            if let kept = idle.popLast() {
                connection = kept
            } else {
                connection = try UpstreamConnection(client: self)
            }
            exchange.connection = connection
            connection.send(head, isHead: isHead, exchange) { result in
                exchange.connection = nil
                completion(result)
            }
        } catch {
            loop.schedule(afterNs: 0) { completion(.failure(error)) }
        }
        return exchange
    }

    private func sendFresh(_ head: [UInt8], _ completion: @escaping Completion) {
        do throws(SystemError) {
            let connection = try UpstreamConnection(client: self)
            connection.send(head, nil, completion)
        } catch {
            completion(.failure(error))
        }
    }

    fileprivate func release(_ connection: UpstreamConnection) {
        guard idle.count < Self.idleLimit else { return connection.close() }
        idle.append(connection)
    }

    fileprivate func lost(_ connection: UpstreamConnection) {
        idle.removeAll { $0 === connection }
    }
}

/// A request to another role while its body is on the way. It does nothing any more once its
/// answer is there.
final class UpstreamExchange {
    fileprivate var connection: UpstreamConnection?
    /// Called when a body that was full has room again.
    var drained: (() -> Void)?
    private static let limitBytes = 256 * 1024

    /// Bytes that the network has not taken yet.
    var waitingBytes: Int { connection?.waitingBytes ?? 0 }
    /// Is more of the body to come?
    fileprivate(set) var isUnfinished = true
    /// The writer should wait for `drained`.
    var isFull: Bool { waitingBytes >= Self.limitBytes }

    func write(_ bytes: UnsafeRawBufferPointer) { connection?.write(bytes) }

    /// The body is whole.
    func finish() { isUnfinished = false }

    /// The client left: the connection cannot be used any more, and no answer is told.
    func cancel() {
        connection?.cancel()
        connection = nil
    }

    fileprivate func noteDrain() {
        guard waitingBytes < Self.limitBytes / 2 else { return }
        drained?()
    }
}

private final class UpstreamConnection: EventSource {
    private let descriptor: Int32
    private unowned let client: UpstreamClient
    private var output: [UInt8] = []
    private var outputOffset = 0
    private var input: [UInt8] = []
    private var isHead = false
    private weak var exchange: UpstreamExchange?
    private var completion: UpstreamClient.Completion?
    private var timer: TimerID?
    private var isOpen = true

    /// Without a byte in either direction.
    private static let timeLimitNs: Int64 = 30_000_000_000
    private static let answerLimitBytes = 16 * 1024 * 1024

    init(client: UpstreamClient) throws(SystemError) {
        self.client = client
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
        try client.loop.watch(descriptor, for: [.readable, .writable], source: self)
    }

    func send(
        _ head: [UInt8], isHead: Bool = false, _ exchange: UpstreamExchange? = nil,
        _ completion: @escaping UpstreamClient.Completion
    ) {
        self.completion = completion
        self.exchange = exchange
        self.isHead = isHead
        output = head
        outputOffset = 0
        input = []
        lastProgressNs = client.loop.nowNs
        watchTime()
        client.loop.change(descriptor, to: [.readable, .writable])
    }

    var waitingBytes: Int { output.count - outputOffset }

    func write(_ bytes: UnsafeRawBufferPointer) {
        guard completion != nil, isOpen else { return }
        let wasEmpty = waitingBytes == 0
        output.append(contentsOf: bytes)
        if wasEmpty { client.loop.change(descriptor, to: [.readable, .writable]) }
    }

    func cancel() {
        guard finish() != nil else { return }
        close()
        client.lost(self)
    }

    private var lastProgressNs: Int64 = 0

    private func watchTime() {
        timer = client.loop.schedule(atNs: lastProgressNs + Self.timeLimitNs) { [unowned self] in
            timer = nil
            if client.loop.nowNs - lastProgressNs >= Self.timeLimitNs { return fail(ETIMEDOUT) }
            watchTime()
        }
    }

    func ready(_ readiness: Readiness) {
        guard completion != nil else {
            close()
            client.lost(self)
            return
        }
        if readiness.contains(.writable) { write() }
        if isOpen, !readiness.isDisjoint(with: [.readable, .hungUp, .failed]) { read() }
    }

    private func write() {
        guard waitingBytes > 0 else { return }
        let sent = output.withUnsafeBytes {
            Glibc.send(
                descriptor, $0.baseAddress?.advanced(by: outputOffset), $0.count - outputOffset,
                clinux_MSG_NOSIGNAL)
        }
        if sent < 0 {
            if errno == EAGAIN || errno == EINTR { return }
            // An answer that came before the body's end may still be there to read.
            let code = errno
            read()
            if isOpen, completion != nil { fail(code) }
            return
        }
        lastProgressNs = client.loop.nowNs
        outputOffset += sent
        if waitingBytes == 0 {
            output.removeAll(keepingCapacity: true)
            outputOffset = 0
            client.loop.change(descriptor, to: .readable)
        } else if outputOffset > 1 << 20 {
            output.removeFirst(outputOffset)
            outputOffset = 0
        }
        exchange?.noteDrain()
    }

    private func read() {
        let before = input.count
        let count = input.appendReceived(from: descriptor, limit: 65_536)
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            return fail(count == 0 ? ECONNRESET : errno)
        }
        lastProgressNs = client.loop.nowNs
        guard before + count <= Self.answerLimitBytes else { return fail(EMSGSIZE) }
        let parsed: UpstreamAnswer?
        do throws(SyntaxError) {
            parsed = try UpstreamAnswer.parse(input, isHead: isHead)
        } catch {
            return fail(EPROTO)
        }
        if let parsed { succeed(parsed) }
    }

    private func succeed(_ answer: UpstreamAnswer) {
        guard let completion = finish() else { return }
        input = []
        // What is left of the body would be taken for the next request.
        if waitingBytes > 0 || exchange?.isUnfinished == true {
            close()
        } else {
            client.release(self)
        }
        completion(.success(answer))
    }

    private func fail(_ code: Int32) {
        let completion = finish()
        close()
        client.lost(self)
        completion?(.failure(SystemError(operation: "upstream", code: code)))
    }

    private func finish() -> UpstreamClient.Completion? {
        if let timer { client.loop.cancel(timer) }
        timer = nil
        defer { completion = nil }
        return completion
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        client.loop.unwatch(descriptor)
        Glibc.close(descriptor)
    }
}

extension UpstreamAnswer {
    /// nil while it is not whole. The roles frame their answers by Content-Length alone.
    fileprivate static func parse(
        _ bytes: [UInt8], isHead: Bool
    ) throws(SyntaxError) -> UpstreamAnswer? {
        guard let blank = bytes.firstRange(of: Array("\r\n\r\n".utf8)),
            let lineEnd = bytes.firstRange(of: Array("\r\n".utf8))
        else { return nil }
        let status = try parsed(bytes) { all throws(SyntaxError) in
            try StatusLine(parsing: all.slice(0..<lineEnd.lowerBound)).status
        }
        let headers = try parsed(bytes) { all throws(SyntaxError) in
            let section = all.slice(lineEnd.upperBound..<(blank.lowerBound + 2))
            try FieldSection.parse(section, limits: FieldLimits()) { _, _ throws(SyntaxError) in }
            return HeaderFields(parsed: section)
        }
        let isBare = isHead || status == 204 || status == 304
        let length = isBare ? 0 : Int(headers.first("Content-Length") ?? "0") ?? 0
        let body = bytes[blank.upperBound...]
        guard body.count >= length else { return nil }
        return UpstreamAnswer(status: status, headers: headers, body: Array(body.prefix(length)))
    }

    private static func parsed<Value>(
        _ bytes: [UInt8], _ parse: (UnsafeRawBufferPointer) throws(SyntaxError) -> Value
    ) throws(SyntaxError) -> Value {
        var result: Result<Value, SyntaxError> = .failure(.malformed("empty"))
        bytes.withUnsafeBytes { all in
            do throws(SyntaxError) {
                result = .success(try parse(all))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }
}

extension [UInt8] {
    /// What recv(2) returned.
    fileprivate mutating func appendReceived(from descriptor: Int32, limit: Int) -> Int {
        withUnsafeTemporaryAllocation(byteCount: limit, alignment: 16) { buffer in
            let count = recv(descriptor, buffer.baseAddress, limit, 0)
            if count > 0 { append(contentsOf: buffer.prefix(count)) }
            return count
        }
    }
}
