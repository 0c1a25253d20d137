import CCurl
import CLinux
import NetIO

/// A connection that libcurl made. It stays in libcurl's hands until `close`.
struct MadeConnection {
    let handle: UnsafeMutableRawPointer
    let socket: Int32
    let connectNs: Int64
    /// nil without TLS.
    let tlsNs: Int64?
}

/// Lets libcurl resolve, connect and shake hands (`CURLOPT_CONNECT_ONLY`), driven by our loop.
///
/// Handles stay in the multi handle for as long as their connection is used: taking one out closes
/// its connection.
final class Connector {
    typealias Completion = (Result<MadeConnection, TransferFailure>) -> Void

    private let loop: EventLoop
    private let configuration: TransferConfiguration
    private let multi: UnsafeMutableRawPointer
    private var waiting: [UnsafeMutableRawPointer: (startedNs: Int64, completion: Completion)] = [:]
    private var sockets: [Int32: ConnectingSocket] = [:]
    private var timer: TimerID?
    private var isClosed = false

    init(loop: EventLoop, configuration: TransferConfiguration) throws(SystemError) {
        self.loop = loop
        self.configuration = configuration
        LibcurlStart.once()
        guard let multi = curl_multi_init() else {
            throw SystemError(operation: "curl_multi_init", code: ENOMEM)
        }
        self.multi = multi
        let this = Unmanaged.passUnretained(self).toOpaque()
        // Below the number of handles libcurl would close connections that are in use.
        ccurl_multi_setopt_long(multi, CURLMOPT_MAXCONNECTS, 1_000_000)
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

    deinit { curl_multi_cleanup(multi) }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Connector? {
        context.map { Unmanaged<Connector>.fromOpaque($0).takeUnretainedValue() }
    }

    func connect(to origin: Origin, _ completion: @escaping Completion) {
        guard let handle = curl_easy_init() else {
            completion(.failure(.connectFailed("libcurl has no memory for a connection")))
            return
        }
        configure(handle, origin)
        waiting[handle] = (clinux_monotonic_ns(), completion)
        let code = curl_multi_add_handle(multi, handle)
        guard code == CURLM_OK else {
            finish(handle, CURLE_FAILED_INIT)
            return
        }
    }

    /// Ends a connection that `connect` made.
    func close(_ handle: UnsafeMutableRawPointer) {
        curl_multi_remove_handle(multi, handle)
        curl_easy_cleanup(handle)
    }

    /// Gives up all connections that are being made.
    func cancelAll() {
        for (handle, entry) in waiting {
            waiting[handle] = nil
            close(handle)
            entry.completion(.failure(.cancelled))
        }
    }

    func shutDown() {
        isClosed = true
        cancelAll()
        if let timer { loop.cancel(timer) }
        sockets.values.forEach { $0.unwatch() }
        sockets = [:]
    }

    private func configure(_ handle: UnsafeMutableRawPointer, _ origin: Origin) {
        let url = "\(origin.scheme.rawValue)://\(origin.host):\(origin.port)/"
        ccurl_setopt_string(handle, CURLOPT_URL, url)
        ccurl_setopt_long(handle, CURLOPT_CONNECT_ONLY, 1)
        ccurl_setopt_long(handle, CURLOPT_NOSIGNAL, 1)
        ccurl_setopt_long(handle, CURLOPT_TCP_NODELAY, 1)
        ccurl_setopt_long(handle, CURLOPT_FRESH_CONNECT, 1)
        ccurl_setopt_long(
            handle, CURLOPT_CONNECTTIMEOUT_MS, Int(configuration.connectTimeoutNs / 1_000_000))
        // The engine speaks HTTP/1.1 only: it must not be agreed otherwise in the handshake.
        ccurl_setopt_long(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        if !configuration.verifiesServer {
            ccurl_setopt_long(handle, CURLOPT_SSL_VERIFYPEER, 0)
            ccurl_setopt_long(handle, CURLOPT_SSL_VERIFYHOST, 0)
        }
        if let path = configuration.authoritiesPath {
            ccurl_setopt_string(handle, CURLOPT_CAINFO, path)
        }
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
        while let handle = ccurl_multi_next_done(multi, &code) { finish(handle, code) }
    }

    private func finish(_ handle: UnsafeMutableRawPointer, _ code: CURLcode) {
        guard let entry = waiting.removeValue(forKey: handle) else { return }
        var socket: curl_socket_t = -1
        guard code == CURLE_OK, ccurl_getinfo_socket(handle, &socket) == CURLE_OK, socket >= 0
        else {
            close(handle)
            entry.completion(.failure(Self.failure(code)))
            return
        }
        // libcurl is done with the socket but may not have said so yet.
        sockets.removeValue(forKey: socket)?.unwatch()
        var connectUs: curl_off_t = 0
        var handshakeUs: curl_off_t = 0
        ccurl_getinfo_off_t(handle, CURLINFO_CONNECT_TIME_T, &connectUs)
        ccurl_getinfo_off_t(handle, CURLINFO_APPCONNECT_TIME_T, &handshakeUs)
        let tlsNs = handshakeUs > 0 ? Int64(max(0, handshakeUs - connectUs)) * 1000 : nil
        let wholeNs = clinux_monotonic_ns() - entry.startedNs
        entry.completion(
            .success(
                MadeConnection(
                    handle: handle, socket: socket, connectNs: wholeNs - (tlsNs ?? 0),
                    tlsNs: tlsNs)))
    }

    private static func failure(_ code: CURLcode) -> TransferFailure {
        let text = String(cString: curl_easy_strerror(code))
        return switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .nameNotResolved(text)
        case CURLE_OPERATION_TIMEDOUT: .connectTimedOut
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CERTPROBLEM:
            .tlsFailed(text)
        default: .connectFailed(text)
        }
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

/// libcurl's process-wide start, done once from whichever thread comes first.
private enum LibcurlStart {
    private static let code = curl_global_init(Int(CURL_GLOBAL_ALL))
    static func once() { _ = code }
}

/// For a run's record: libcurl's version and those of what it is built on.
package enum LibcurlVersion {
    package static var text: String { String(cString: curl_version()) }
}
