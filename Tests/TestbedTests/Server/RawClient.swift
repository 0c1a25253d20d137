import CLinux
import Glibc

/// A client that sends bytes as they are, right or wrong. Every read ends within seconds.
final class RawClient {
    private let descriptor: Int32
    private var received: [UInt8] = []

    struct Failure: Error { let reason: String }

    struct Answer {
        let status: Int
        let head: String
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        func field(_ name: String) -> String? {
            head.split(separator: "\r\n").dropFirst().first {
                $0.lowercased().hasPrefix(name.lowercased() + ":")
            }.map { $0.dropFirst(name.count + 1).trimmingPrefix(" ") }.map(String.init)
        }
    }

    init(port: Int, receiveBufferBytes: Int32? = nil) throws {
        descriptor = socket(AF_INET, clinux_SOCK_STREAM, 0)
        guard descriptor >= 0 else { throw Failure(reason: "socket: \(errno)") }
        if var size = receiveBufferBytes {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
        }
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, length)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, length)
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw Failure(reason: "connect: \(errno)") }
    }

    deinit { close(descriptor) }

    /// - Returns: false when the server does not take it (any more).
    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let sent = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress?.advanced(by: offset), bytes.count - offset,
                    clinux_MSG_NOSIGNAL)
            }
            guard sent > 0 else { return false }
            offset += sent
        }
        return true
    }

    /// Sends what the kernel takes without waiting.
    func sendNow(_ bytes: [UInt8]) -> Int {
        Glibc.send(
            descriptor, bytes, bytes.count, clinux_MSG_NOSIGNAL | Int32(MSG_DONTWAIT))
    }

    func endSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closes with a reset, as a client that crashes does.
    func reset() {
        var abrupt = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &abrupt, socklen_t(MemoryLayout<linger>.size))
        var none = sockaddr()
        none.sa_family = sa_family_t(AF_UNSPEC)
        // Disconnecting with SO_LINGER 0 resets, and keeps the descriptor for `deinit`.
        connect(descriptor, &none, socklen_t(MemoryLayout<sockaddr>.size))
    }

    /// The next answer, with its body by Content-Length; none with `hasBody: false`.
    func answer(hasBody: Bool = true) throws -> Answer {
        let head = try take(through: Array("\r\n\r\n".utf8))
        let text = String(decoding: head, as: UTF8.self)
        let statusText = text.dropFirst(9).prefix(3)
        guard text.hasPrefix("HTTP/1.1 "), let status = Int(statusText) else {
            throw Failure(reason: "no status line in \(text)")
        }
        var answer = Answer(status: status, head: text, body: [])
        if hasBody, let length = answer.field("Content-Length").flatMap({ Int($0) }) {
            answer = Answer(status: status, head: text, body: try take(count: length))
        }
        return answer
    }

    /// True when nothing more came before the server closed.
    func isClosed() -> Bool {
        received.isEmpty && receive() == 0
    }

    /// True when the server reset the connection before it sent anything.
    func isReset() -> Bool {
        received.isEmpty && receive() < 0 && errno == ECONNRESET
    }

    func hasAnswer(withinMilliseconds limit: Int32) -> Bool {
        var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&readable, 1, limit) > 0
    }

    /// True when the server has closed or reset.
    func hasEvent(withinMilliseconds limit: Int32) -> Bool {
        var ended = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&ended, 1, limit) > 0
    }

    func canSend(withinMilliseconds limit: Int32) -> Bool {
        var writable = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&writable, 1, limit) > 0
    }

    func take(count: Int) throws -> [UInt8] {
        while received.count < count {
            guard receive() > 0 else {
                throw Failure(
                    reason: "the connection ended after \(received.count) of \(count) bytes")
            }
        }
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    private func take(through mark: [UInt8]) throws -> [UInt8] {
        while true {
            if let range = received.firstRange(of: mark) {
                return try take(count: range.upperBound)
            }
            let before = received.count
            guard receive() > 0 else {
                throw Failure(reason: "the connection ended after \(before) bytes")
            }
        }
    }

    private func receive() -> Int {
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { received.append(contentsOf: buffer.prefix(count)) }
            return count
        }
    }
}
