import CLinux
import Glibc
import NetIO

/// An answer that one role got from another.
struct UpstreamAnswer {
    let status: Int
    let headers: HeaderFields
    let body: [UInt8]
}

/// Small requests from one role to another on this machine, over kept connections and on the
/// asking role's loop.
final class UpstreamClient {
    typealias Completion = (Result<UpstreamAnswer, SystemError>) -> Void

    let loop: EventLoop
    fileprivate let address: SocketAddress
    private var idle: [UpstreamConnection] = []
    private static let idleLimit = 64

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

    private func sendFresh(_ head: [UInt8], _ completion: @escaping Completion) {
        do throws(SystemError) {
            let connection = try UpstreamConnection(client: self)
            connection.send(head, completion)
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

private final class UpstreamConnection: EventSource {
    private let descriptor: Int32
    private unowned let client: UpstreamClient
    private var output: [UInt8] = []
    private var input: [UInt8] = []
    private var completion: UpstreamClient.Completion?
    private var timer: TimerID?
    private var isOpen = true

    private static let timeLimitNs: Int64 = 10_000_000_000
    private static let answerLimitBytes = 64 * 1024

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

    func send(_ head: [UInt8], _ completion: @escaping UpstreamClient.Completion) {
        self.completion = completion
        output = head
        input = []
        timer = client.loop.schedule(afterNs: Self.timeLimitNs) { [unowned self] in
            timer = nil
            fail(ETIMEDOUT)
        }
        client.loop.change(descriptor, to: [.readable, .writable])
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
        guard !output.isEmpty else { return }
        let sent = output.withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, clinux_MSG_NOSIGNAL)
        }
        if sent < 0 {
            if errno != EAGAIN && errno != EINTR { fail(errno) }
            return
        }
        output.removeFirst(sent)
        if output.isEmpty { client.loop.change(descriptor, to: .readable) }
    }

    private func read() {
        let before = input.count
        let count = input.appendReceived(from: descriptor, limit: 16_384)
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            return fail(count == 0 ? ECONNRESET : errno)
        }
        guard before + count <= Self.answerLimitBytes else { return fail(EMSGSIZE) }
        let parsed: UpstreamAnswer?
        do throws(SyntaxError) {
            parsed = try UpstreamAnswer.parse(input)
        } catch {
            return fail(EPROTO)
        }
        if let parsed { succeed(parsed) }
    }

    private func succeed(_ answer: UpstreamAnswer) {
        guard let completion = finish() else { return }
        input = []
        client.release(self)
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
    fileprivate static func parse(_ bytes: [UInt8]) throws(SyntaxError) -> UpstreamAnswer? {
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
        let length = status == 204 ? 0 : Int(headers.first("Content-Length") ?? "0") ?? 0
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
