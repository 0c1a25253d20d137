import CLinux
import Foundation
package import NetIO
import Synchronization

/// Where a role listens, and as what it may be reached.
package struct ListenAddress: Sendable {
    package let host: String
    /// 0: any free port.
    package let port: Int

    package init(host: String = "127.0.0.1", port: Int = 0) {
        self.host = host
        self.port = port
    }

    /// All of this machine's addresses, so none that a client could be told.
    var isWildcard: Bool { ["", "0.0.0.0", "::", "[::]"].contains(host) }

    /// This machine only, in the family of `host`.
    var loopbackName: String { host.contains(":") ? "[::1]" : "127.0.0.1" }

    /// How this machine reaches a role that listens here; IPv6 in brackets.
    var localName: String {
        if isWildcard { return host.contains(":") ? "[::1]" : "127.0.0.1" }
        return host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
    }
}

/// One role of the testbed: a listening socket, a thread and an event loop of its own, so that its
/// CPU time is its own account.
///
/// `@unchecked Sendable`: what is not constant belongs to the loop's thread; other threads only
/// post to it.
package final class RoleServer: @unchecked Sendable {
    package let port: Int
    /// Where other roles reach this one, without TLS. With TLS before the public port it is a port
    /// of its own that no other machine reaches, whatever the role's address.
    package let innerAddress: ListenAddress
    package var innerPort: Int { innerAddress.port }
    let limits: ServerLimits
    private let listener: Int32
    private let poster: LoopPoster
    private let ended = DispatchSemaphore(value: 0)
    private let cpuClock: clockid_t

    /// Binds at once and serves until `stop`.
    ///
    /// - Parameter makeHandler: called once, on the role's thread.
    package init(
        name: String, address: ListenAddress, security: ServerSecurity? = nil,
        limits: ServerLimits = ServerLimits(), log: RequestLog? = nil,
        makeHandler: @escaping @Sendable (EventLoop) throws -> any RequestHandler
    ) throws {
        self.limits = limits
        (listener, port) = try Self.listen(address)
        let inner: (descriptor: Int32, port: Int)?
        do {
            inner = try security.map { _ in
                try Self.listen(ListenAddress(host: address.loopbackName))
            }
        } catch {
            close(listener)
            throw error
        }
        innerAddress = ListenAddress(
            host: inner == nil ? address.localName : address.loopbackName, port: inner?.port ?? port
        )
        let started = DispatchSemaphore(value: 0)
        let start = Mutex<Result<(LoopPoster, clockid_t), any Error>?>(nil)
        let (listener, ended) = (listener, ended)
        try SystemThread.start(stackBytes: 4 << 20) {
            do {
                // Tells the roles' CPU accounts apart for tools outside, as ps -L and perf.
                clinux_name_thread(name)
                let loop = try EventLoop()
                let acceptor = try Acceptor(
                    listener: listener, security: security, inner: inner?.descriptor, loop: loop,
                    handler: try makeHandler(loop), limits: limits,
                    log: log.map { (name, $0) })
                var clock = clockid_t()
                pthread_getcpuclockid(pthread_self(), &clock)
                start.withLock { $0 = .success((loop.poster, clock)) }
                started.signal()
                acceptor.run()
            } catch {
                start.withLock { $0 = .failure(error) }
                started.signal()
            }
            ended.signal()
        }
        started.wait()
        switch start.withLock({ $0 }) {
        case .success((let poster, let clock)): (self.poster, cpuClock) = (poster, clock)
        case .failure(let error): throw error
        case nil: throw SystemError(operation: "start role", code: EAGAIN)
        }
    }

    /// CPU time that the role's thread has used; 0 once it has ended.
    package var cpuNs: Int64 {
        var time = timespec()
        guard clock_gettime(cpuClock, &time) == 0 else { return 0 }
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Closes all connections and returns when the thread is done.
    package func stop() {
        poster.post { Acceptor.current?.stop() }
        ended.wait()
    }

    static func listen(_ address: ListenAddress) throws -> (Int32, Int) {
        let wanted = try SocketAddress(resolving: address.host, port: address.port)
        let kind = clinux_SOCK_STREAM | clinux_SOCK_NONBLOCK | clinux_SOCK_CLOEXEC
        let descriptor = socket(wanted.family, kind, 0)
        guard descriptor >= 0 else { throw SystemError(operation: "socket") }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        guard wanted.withPointer({ bind(descriptor, $0, $1) }) == 0,
            Glibc.listen(descriptor, 4096) == 0
        else {
            let error = SystemError(operation: "listen on \(address.host):\(address.port)")
            close(descriptor)
            throw error
        }
        return (descriptor, SocketAddress(of: descriptor).port)
    }
}

/// Takes connections in, on the role's thread.
final class Acceptor: EventSource {
    let loop: EventLoop
    let handler: any RequestHandler
    let limits: ServerLimits
    let timeouts: ServerTimeouts
    private let connectionLimit: Int
    /// Of all roles: descriptors are the process's.
    private let clientLimit: Int
    /// Shared by all connections: what is read is used at once.
    let receiveBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 4096)
    private let listener: Int32
    private let security: ServerSecurity?
    private var inner: InnerListener?
    private var connections: [ObjectIdentifier: ServerConnection] = [:]
    private var dateSecond: Int64 = 0
    private var dateField: [UInt8] = []
    private let log: (role: String, file: RequestLog)?
    private static let sweepNs: Int64 = 500_000_000

    private static let threadKey = "uploadbench.acceptor"

    /// The acceptor of the calling thread.
    static var current: Acceptor? {
        Thread.current.threadDictionary[threadKey] as? Acceptor
    }

    init(
        listener: Int32, security: ServerSecurity?, inner: Int32?, loop: EventLoop,
        handler: any RequestHandler, limits: ServerLimits,
        log: (role: String, file: RequestLog)?
    ) throws {
        self.log = log
        self.listener = listener
        self.security = security
        self.loop = loop
        self.handler = handler
        self.limits = limits
        timeouts = ServerTimeouts(limits)
        clientLimit = limits.clientsWithinDescriptors
        connectionLimit = min(limits.connections, clientLimit)
        try loop.watch(listener, for: .readable, source: self)
        if let inner {
            self.inner = InnerListener(descriptor: inner) { [unowned self] in
                accept(inner, nil)
            }
            try loop.watch(inner, for: .readable, source: self.inner ?? self)
        }
    }

    deinit { receiveBuffer.deallocate() }

    func run() {
        Thread.current.threadDictionary[Self.threadKey] = self
        sweep()
        loop.run()
        loop.end()
        Thread.current.threadDictionary.removeObject(forKey: Self.threadKey)
    }

    func stop() {
        for descriptor in [listener, inner?.descriptor].compactMap({ $0 }) {
            loop.unwatch(descriptor)
            close(descriptor)
        }
        connections.values.forEach { $0.close() }
        OpenConnections.remove(connections.count)
        connections = [:]
        loop.stop()
    }

    func ready(_ readiness: Readiness) { accept(listener, security) }

    private func accept(_ listener: Int32, _ security: ServerSecurity?) {
        // A few per turn, so that a flood of connections does not hold up those that are there.
        for _ in 0..<64 {
            let flags = clinux_SOCK_NONBLOCK | clinux_SOCK_CLOEXEC
            let descriptor = accept4(listener, nil, nil, flags)
            guard descriptor >= 0 else {
                // Out of descriptors or memory: the waiting connection would be reported in
                // every turn, so the listener rests until the next sweep.
                if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) {
                    loop.change(listener, to: [])
                }
                return
            }
            guard admits() else {
                if security == nil { refuse(descriptor) }
                close(descriptor)
                continue
            }
            var on: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
            let secure = security?.connection(descriptor)
            guard security == nil || secure != nil,
                let connection = try? ServerConnection(descriptor, secure, acceptor: self)
            else {
                OpenConnections.remove()
                close(descriptor)
                continue
            }
            connections[ObjectIdentifier(connection)] = connection
        }
    }

    /// Counts one more, if there may be one.
    private func admits() -> Bool {
        guard connections.count < connectionLimit else { return false }
        return OpenConnections.admit(atMost: clientLimit)
    }

    /// Says why, if that can be said at once. What was sent is read: a close with unread bytes would
    /// take the answer with it.
    private func refuse(_ descriptor: Int32) {
        let response = handler.refusal(for: .tooManyConnections(limit: connectionLimit))
        var bytes = ResponseHead.render(
            response, date: currentDateField(), keepsAlive: false, isHead: false)
        if case .bytes(let body) = response.body { bytes += body }
        recv(descriptor, receiveBuffer.baseAddress, receiveBuffer.count, 0)
        send(descriptor, bytes, bytes.count, clinux_MSG_NOSIGNAL)
        shutdown(descriptor, Int32(SHUT_WR))
    }

    func ended(_ connection: ServerConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        OpenConnections.remove()
    }

    /// - Parameters:
    ///   - status: nil for a client that left before its answer.
    ///   - clientEnded: the client had ended its half by then.
    func note(_ exchange: Exchange?, status: Int?, clientEnded: Bool) {
        guard let log, let exchange else { return }
        log.file.append(
            exchange.request, status: status, role: log.role, faults: exchange.faults,
            clientEnded: clientEnded)
    }

    /// The `Date` field, rendered once per second.
    func currentDateField() -> [UInt8] {
        let second = Int64(time(nil))
        if second != dateSecond {
            dateSecond = second
            dateField = ResponseHead.dateField(unixSeconds: second)
        }
        return dateField
    }

    /// One look at all connections now and then costs less than a timer for each.
    private func sweep() {
        let now = loop.nowNs
        connections.values.filter { $0.isOverdue(now) }.forEach { $0.timeOut() }
        loop.change(listener, to: .readable)
        if let inner { loop.change(inner.descriptor, to: .readable) }
        loop.schedule(afterNs: Self.sweepNs) { [unowned self] in sweep() }
    }
}

/// A second port of a role, where the other roles come without TLS.
private final class InnerListener: EventSource {
    let descriptor: Int32
    private let accept: () -> Void

    init(descriptor: Int32, accept: @escaping () -> Void) {
        self.descriptor = descriptor
        self.accept = accept
    }

    func ready(_ readiness: Readiness) { accept() }
}
