import CLinux
import Foundation
import Glibc
import Synchronization

/// One connection that a role opened, seen from the other end: raw bytes, blocking, with a time
/// limit.
final class PeerConnection {
    private let descriptor: Int32
    private var received: [UInt8] = []
    private var isOpen = true
    /// 0 for the first connection that the peer accepted.
    let number: Int

    init(_ descriptor: Int32, number: Int) {
        self.descriptor = descriptor
        self.number = number
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, length)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, length)
    }

    deinit { close() }

    /// Up to and with the blank line; "" if the role closed.
    @discardableResult
    func readHead() -> String {
        while true {
            if let end = received.firstRange(of: [13, 10, 13, 10])?.upperBound {
                defer { received.removeFirst(end) }
                return String(decoding: received[..<end], as: UTF8.self)
            }
            guard fill() else { return "" }
        }
    }

    func readBody(_ count: Int) -> [UInt8] {
        while received.count < count, fill() {}
        let taken = min(count, received.count)
        defer { received.removeFirst(taken) }
        return Array(received.prefix(taken))
    }

    /// All that comes until the role closes.
    @discardableResult
    func readToEnd() -> [UInt8] {
        while fill() {}
        return received
    }

    /// False when the role is gone.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let sent = bytes.withUnsafeBytes {
                send(
                    descriptor, $0.baseAddress?.advanced(by: offset), bytes.count - offset,
                    clinux_MSG_NOSIGNAL)
            }
            guard sent > 0 else { return false }
            offset += sent
        }
        return true
    }

    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    func close() {
        guard isOpen else { return }
        isOpen = false
        Glibc.close(descriptor)
    }

    /// Closes with RST.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        let length = socklen_t(MemoryLayout<linger>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, length)
        close()
    }

    private func fill() -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 16) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { received.append(contentsOf: buffer.prefix(count)) }
            return count > 0
        }
    }
}

/// Runs a script for each connection that it accepts, each on a thread of its own.
final class ScriptedPeer: Sendable {
    let port: Int
    private let listener: Int32
    private let script: @Sendable (PeerConnection) -> Void
    private let state = Mutex((accepted: 0, isStopped: false))
    private let running = DispatchGroup()

    var accepted: Int { state.withLock { $0.accepted } }

    /// - Parameter listens: false: connections are refused until `listen`.
    init(listens: Bool = true, _ script: @escaping @Sendable (PeerConnection) -> Void) throws {
        self.script = script
        listener = socket(AF_INET, clinux_SOCK_STREAM | clinux_SOCK_CLOEXEC, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0
                    && getsockname(descriptor, generic, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = Int(UInt16(bigEndian: address.sin_port))
        if listens { listen() }
    }

    func listen() {
        Glibc.listen(listener, 64)
        running.enter()
        Thread { [self] in
            acceptAll()
            running.leave()
        }.start()
    }

    /// Connections are refused from now on; scripts under way end with their connections.
    func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        running.wait()
        close(listener)
    }

    private func acceptAll() {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else {
                if state.withLock({ $0.isStopped }) { return }
                continue
            }
            let number = state.withLock { state in
                defer { state.accepted += 1 }
                return state.accepted
            }
            Thread { [script] in
                let connection = PeerConnection(descriptor, number: number)
                script(connection)
                connection.close()
            }.start()
        }
    }
}
