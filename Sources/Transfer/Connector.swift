import CCurl
import CLinux
import Glibc
import NetIO

/// A connection that libcurl is making.
final class ConnectAttempt {
    let handle: UnsafeMutableRawPointer
    let origin: Origin
    let startedNs = clinux_monotonic_ns()
    unowned let exchange: Exchange
    /// libcurl writes its own words here.
    let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    init(_ handle: UnsafeMutableRawPointer, _ origin: Origin, _ exchange: Exchange) {
        self.handle = handle
        self.origin = origin
        self.exchange = exchange
        errorText.pointee = 0
    }

    deinit { errorText.deallocate() }
}

/// A connection that libcurl made, and what it took.
struct MadeConnection {
    let link: Link
    let connectNs: Int64
    /// nil without TLS.
    let tlsNs: Int64?
}

protocol ConnectorOwner: AnyObject {
    func connected(_ attempt: ConnectAttempt, _ result: Result<MadeConnection, TransferFailure>)
}

/// Lets libcurl resolve, connect, pass proxies and shake hands (`CURLOPT_CONNECT_ONLY`), driven by
/// our loop.
///
/// A plain socket is taken out of libcurl's hands once it is connected. libcurl would otherwise
/// close it while we use it: whenever it makes a connection, it ends those that it thinks idle and
/// that have unread bytes or are older than CURLOPT_MAXAGE_CONN. A TLS connection stays in its
/// hands, and counts as in use from its first `curl_easy_send` on.
final class Connector {
    /// Not weak: a weak reference to an object makes every count of its references slower. The
    /// owner shuts this down before its end.
    unowned(unsafe) var owner: (any ConnectorOwner)?
    private let loop: EventLoop
    private let settings: ConnectSettings
    private let multi: UnsafeMutableRawPointer
    /// Keeps the TLS sessions: handles of one multi do not share them by themselves.
    private let sessions: UnsafeMutableRawPointer?
    private var attempts: [UnsafeMutableRawPointer: ConnectAttempt] = [:]
    private var sockets: [Int32: ConnectingSocket] = [:]
    /// Sockets that libcurl must not close.
    private var adopted: Set<Int32> = []
    private var timer: TimerID?
    private var isClosed = false

    init(loop: EventLoop, configuration: TransferConfiguration) throws(SystemError) {
        self.loop = loop
        settings = ConnectSettings(configuration)
        LibcurlStart.once()
        guard let multi = curl_multi_init() else {
            throw SystemError(operation: "curl_multi_init", code: ENOMEM)
        }
        self.multi = multi
        sessions = configuration.resumesTLSSessions ? ccurl_session_share() : nil
        // Below the number of connections libcurl would close some that are in use.
        ccurl_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, configuration.connectionLimit + 1)
        let this = Unmanaged.passUnretained(self).toOpaque()
        ccurl_multi_setopt_pointer(multi, CURLMOPT_SOCKETDATA, this)
        ccurl_multi_setopt_pointer(multi, CURLMOPT_TIMERDATA, this)
        ccurl_multi_setopt_socket_function(multi) { _, socket, what, context, _ in
            Connector.from(context)?.watch(socket, what)
            return 0
        }
        ccurl_multi_setopt_timer_function(multi) { _, milliseconds, context in
            Connector.from(context)?.arm(milliseconds)
            return 0
        }
    }

    deinit {
        curl_multi_cleanup(multi)
        if let sessions { curl_share_cleanup(sessions) }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Connector? {
        context.map { Unmanaged<Connector>.fromOpaque($0).takeUnretainedValue() }
    }

    var attemptCount: Int { attempts.count }

    /// The owner is told later, unless there is no memory, which is told by nil.
    func connect(to origin: Origin, for exchange: Exchange) -> ConnectAttempt? {
        guard let handle = curl_easy_init() else { return nil }
        let attempt = ConnectAttempt(handle, origin, exchange)
        settings.apply(to: handle, origin)
        if let sessions, origin.scheme == .https {
            ccurl_setopt_pointer(handle, CURLOPT_SHARE, sessions)
        }
        ccurl_setopt_pointer(handle, CURLOPT_ERRORBUFFER, attempt.errorText)
        ccurl_setopt_pointer(
            handle, CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(self).toOpaque())
        ccurl_setopt_closesocket_function(handle) { context, socket in
            Connector.from(context)?.closeUnlessAdopted(socket) ?? -1
        }
        attempts[handle] = attempt
        guard curl_multi_add_handle(multi, handle) == CURLM_OK else {
            abandon(attempt)
            return nil
        }
        return attempt
    }

    func abandon(_ attempt: ConnectAttempt) {
        guard attempts.removeValue(forKey: attempt.handle) != nil else { return }
        release(attempt.handle)
    }

    /// Ends a connection that was made here. It must no longer be watched.
    func close(_ link: Link) {
        guard let handle = link.secureHandle else {
            Glibc.close(link.socket)
            return
        }
        release(handle)
    }

    func shutDown() {
        owner = nil
        for attempt in attempts.values { abandon(attempt) }
        isClosed = true
        if let timer { loop.cancel(timer) }
        timer = nil
        sockets.values.forEach { $0.unwatch() }
        sockets = [:]
    }

    private func release(_ handle: UnsafeMutableRawPointer) {
        curl_multi_remove_handle(multi, handle)
        curl_easy_cleanup(handle)
    }

    private func closeUnlessAdopted(_ socket: Int32) -> Int32 {
        adopted.remove(socket) != nil ? 0 : Glibc.close(socket)
    }

    // MARK: libcurl's wishes

    private func watch(_ socket: Int32, _ what: Int32) {
        guard !isClosed else { return }
        if what == CURL_POLL_REMOVE {
            sockets.removeValue(forKey: socket)?.unwatch()
            return
        }
        var interest: Readiness = []
        if what & CURL_POLL_IN != 0 { interest.insert(.readable) }
        if what & CURL_POLL_OUT != 0 { interest.insert(.writable) }
        if let known = sockets[socket] {
            known.change(to: interest)
        } else {
            sockets[socket] = ConnectingSocket(socket, interest, loop) { [unowned self] flags in
                act(socket, flags)
            }
        }
    }

    private func arm(_ milliseconds: Int) {
        if let timer { loop.cancel(timer) }
        timer = nil
        guard milliseconds >= 0, !isClosed else { return }
        timer = loop.schedule(afterNs: Int64(milliseconds) * 1_000_000) { [unowned self] in
            timer = nil
            act(-1, 0)  // CURL_SOCKET_TIMEOUT
        }
    }

    private func act(_ socket: Int32, _ flags: Int32) {
        var running: Int32 = 0
        curl_multi_socket_action(multi, socket, flags, &running)
        var code = CURLE_OK
        while !isClosed, let handle = ccurl_multi_next_done(multi, &code) {
            guard let attempt = attempts.removeValue(forKey: handle) else { continue }
            owner?.connected(attempt, finish(attempt, code))
        }
    }

    // MARK: Ends

    private func finish(
        _ attempt: ConnectAttempt, _ code: CURLcode
    ) -> Result<MadeConnection, TransferFailure> {
        let wholeNs = clinux_monotonic_ns() - attempt.startedNs
        var socket: curl_socket_t = -1
        guard code == CURLE_OK,
            ccurl_getinfo_socket(attempt.handle, &socket) == CURLE_OK, socket >= 0
        else {
            let failure = connectFailure(code, attempt)
            release(attempt.handle)
            return .failure(failure)
        }
        // libcurl is done with the socket but may not have said so yet.
        sockets.removeValue(forKey: socket)?.unwatch()
        guard attempt.origin.scheme == .https else {
            adopted.insert(socket)
            release(attempt.handle)
            adopted.remove(socket)
            return .success(
                MadeConnection(
                    link: Link(socket: socket, secureHandle: nil), connectNs: wholeNs, tlsNs: nil))
        }
        var connectUs: curl_off_t = 0
        var handshakeUs: curl_off_t = 0
        ccurl_getinfo_off_t(attempt.handle, CURLINFO_CONNECT_TIME_T, &connectUs)
        ccurl_getinfo_off_t(attempt.handle, CURLINFO_APPCONNECT_TIME_T, &handshakeUs)
        let tlsNs = Int64(max(0, handshakeUs - connectUs)) * 1000
        // The attempt, and with it the memory for libcurl's words, ends before the connection.
        ccurl_setopt_pointer(attempt.handle, CURLOPT_ERRORBUFFER, nil)
        return .success(
            MadeConnection(
                link: Link(socket: socket, secureHandle: attempt.handle),
                connectNs: max(0, wholeNs - tlsNs), tlsNs: tlsNs))
    }
}

/// A socket that libcurl watches while it connects.
private final class ConnectingSocket: EventSource {
    private let socket: Int32
    private let loop: EventLoop
    private let act: (Int32) -> Void

    init(_ socket: Int32, _ interest: Readiness, _ loop: EventLoop, act: @escaping (Int32) -> Void)
    {
        self.socket = socket
        self.loop = loop
        self.act = act
        // A socket that cannot be watched ends by the connect time-out.
        try? loop.watch(socket, for: interest, source: self)
    }

    func change(to interest: Readiness) { loop.change(socket, to: interest) }
    func unwatch() { loop.unwatch(socket) }

    func ready(_ readiness: Readiness) {
        var flags: Int32 = 0
        if readiness.contains(.readable) { flags |= CURL_CSELECT_IN }
        if readiness.contains(.writable) { flags |= CURL_CSELECT_OUT }
        if !readiness.isDisjoint(with: [.failed, .hungUp]) { flags |= CURL_CSELECT_ERR }
        act(flags)
    }
}
