import CCurl
import CLinux
import Glibc

/// What libcurl is told about every connection.
struct ConnectSettings {
    private let configuration: TransferConfiguration

    init(_ configuration: TransferConfiguration) { self.configuration = configuration }

    func apply(to handle: UnsafeMutableRawPointer, _ origin: Origin) {
        let url = "\(origin.scheme.rawValue)://\(origin.host):\(origin.port)/"
        ccurl_setopt_string(handle, CURLOPT_URL, url)
        ccurl_setopt_long(handle, CURLOPT_CONNECT_ONLY, 1)
        ccurl_setopt_long(handle, CURLOPT_NOSIGNAL, 1)
        ccurl_setopt_long(handle, CURLOPT_TCP_NODELAY, 1)
        ccurl_setopt_long(handle, CURLOPT_FRESH_CONNECT, 1)
        // The engine keeps the time; this is only that libcurl does not give up earlier.
        ccurl_setopt_long(handle, CURLOPT_CONNECTTIMEOUT_MS, Int(Int32.max))
        // The engine speaks HTTP/1.1 only: the handshake must not agree on anything else.
        ccurl_setopt_long(handle, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        ccurl_quit_names_at_once(handle)
        applyProxy(handle, origin)
        applyTrust(handle)
        applyBuffer(handle)
    }

    private func applyProxy(_ handle: UnsafeMutableRawPointer, _ origin: Origin) {
        // Through a tunnel also for http, because our requests are those for an origin server.
        ccurl_setopt_long(handle, CURLOPT_HTTPPROXYTUNNEL, 1)
        if origin.isLoopback {
            ccurl_setopt_string(handle, CURLOPT_PROXY, "")
        } else if let proxy = configuration.proxy {
            ccurl_setopt_string(handle, CURLOPT_PROXY, proxy)
        }
    }

    private func applyTrust(_ handle: UnsafeMutableRawPointer) {
        if !configuration.verifiesServer {
            ccurl_setopt_long(handle, CURLOPT_SSL_VERIFYPEER, 0)
            ccurl_setopt_long(handle, CURLOPT_SSL_VERIFYHOST, 0)
        }
        if !configuration.resumesTLSSessions {
            ccurl_setopt_long(handle, CURLOPT_SSL_SESSIONID_CACHE, 0)
        }
        if let path = configuration.authoritiesPath {
            ccurl_setopt_string(handle, CURLOPT_CAINFO, path)
        }
    }

    /// Before the connection is made, as tcp(7) wants it.
    private func applyBuffer(_ handle: UnsafeMutableRawPointer) {
        guard let bytes = configuration.socketSendBufferBytes, bytes > 0 else { return }
        ccurl_setopt_pointer(
            handle, CURLOPT_SOCKOPTDATA, UnsafeMutableRawPointer(bitPattern: bytes))
        ccurl_setopt_sockopt_function(handle) { context, socket, _ in
            var size = Int32(clamping: Int(bitPattern: context))
            let length = socklen_t(MemoryLayout<Int32>.size)
            return setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, length) == 0
                ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR
        }
    }
}

/// libcurl's code, in our classes and its words.
func connectFailure(_ code: CURLcode, _ attempt: ConnectAttempt) -> TransferFailure {
    let words = String(cString: attempt.errorText)
    let text = words.isEmpty ? String(cString: curl_easy_strerror(code)) : words
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .nameNotResolved(text)
    case CURLE_OPERATION_TIMEDOUT: return .connectTimedOut
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
        CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_NOTFOUND,
        CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_SHUTDOWN_FAILED:
        return .tlsFailed(text)
    default: break
    }
    var osError = 0
    ccurl_getinfo_long(attempt.handle, CURLINFO_OS_ERRNO, &osError)
    switch Int32(clamping: osError) {
    case ECONNREFUSED: return .connectRefused
    case EMFILE, ENFILE: return .noFileDescriptors
    default: return .connectFailed(text)
    }
}

/// libcurl's process-wide start, done once from whichever thread comes first.
enum LibcurlStart {
    private static let code = curl_global_init(Int(CURL_GLOBAL_ALL))
    static func once() { _ = code }
}

/// For a run's record: libcurl's version and those of what it is built on.
package enum LibcurlVersion {
    package static var text: String { String(cString: curl_version()) }
}
