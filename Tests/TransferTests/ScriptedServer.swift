import CLinux
import Foundation
import Glibc
import Synchronization

/// One accepted connection, seen from the server: raw bytes, blocking, with a time limit.
final class Peer {
    private let socket: Int32
    private var buffered: [UInt8] = []
    private var isOpen = true
    /// 0 for the first connection that the server accepted.
    let number: Int

    init(_ socket: Int32, number: Int) {
        self.socket = socket
        self.number = number
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(
            socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close() }

    /// Up to and with the blank line; "" if the client closed.
    @discardableResult
    func readHead() -> String {
        while true {
            if let end = buffered.firstRange(of: [13, 10, 13, 10])?.upperBound {
                defer { buffered.removeFirst(end) }
                return String(decoding: buffered[..<end], as: UTF8.self)
            }
            guard fill() else { return "" }
        }
    }

    func readBody(_ count: Int) -> [UInt8] {
        while buffered.count < count, fill() {}
        let taken = min(count, buffered.count)
        defer { buffered.removeFirst(taken) }
        return Array(buffered.prefix(taken))
    }

    /// The number of bytes until the client closes.
    @discardableResult
    func readToEnd() -> Int {
        var count = buffered.count
        buffered = []
        while fill() {
            count += buffered.count
            buffered = []
        }
        return count
    }

    func write(_ text: String) { write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, clinux_MSG_NOSIGNAL)
            }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        Glibc.close(socket)
    }

    /// Closes with RST.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    private func fill() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = bytes.withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return false }
        buffered += bytes[..<count]
        return true
    }
}

/// Runs a script for each connection, each on its own thread.
final class ScriptedServer: Sendable {
    let port: Int
    private let listener: Int32
    private let state = Mutex((accepted: 0, isStopped: false))
    private let running = DispatchGroup()

    var accepted: Int { state.withLock { $0.accepted } }
    var url: String { "http://127.0.0.1:\(port)" }

    init(_ script: @escaping @Sendable (Peer) -> Void) throws {
        listener = Glibc.socket(AF_INET, clinux_SOCK_STREAM | clinux_SOCK_CLOEXEC, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = listener
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(socket, generic, length) == 0 && listen(socket, 64) == 0
                    && getsockname(socket, generic, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
        port = Int(UInt16(bigEndian: address.sin_port))
        running.enter()
        Thread { [self] in
            acceptAll(script)
            running.leave()
        }.start()
    }

    /// Connections are refused from now on; scripts under way end with their connections.
    func stopListening() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
        guard isFirst else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        running.wait()
        close(listener)
    }

    private func acceptAll(_ script: @escaping @Sendable (Peer) -> Void) {
        while true {
            let socket = accept(listener, nil, nil)
            guard socket >= 0 else {
                if state.withLock({ $0.isStopped }) { return }
                continue
            }
            let number = state.withLock { state in
                defer { state.accepted += 1 }
                return state.accepted
            }
            Thread {
                let peer = Peer(socket, number: number)
                script(peer)
                peer.close()
            }.start()
        }
    }
}
