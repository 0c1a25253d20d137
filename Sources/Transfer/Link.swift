import CCurl
import CLinux
import Glibc

/// The bytes of one connection: a socket of our own, or one behind libcurl's TLS.
struct Link {
    let socket: Int32
    /// nil without TLS. The socket then belongs to this handle.
    let secureHandle: UnsafeMutableRawPointer?

    var isSecure: Bool { secureHandle != nil }

    /// TLS records hold no more (RFC 8446 §5.1), and a write that would block must be repeated
    /// with the same bytes, so each is made by the same rule: at most this many.
    static let recordBytes = 16 * 1024
    /// Given to libcurl at a time where they lie side by side: it looks its connections through on
    /// every call, which several records then share.
    static let directBytes = 64 * 1024

    /// The bytes read, 0 at the end, or a negative errno.
    @inline(__always)
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        if let secureHandle { return Self.readSecurely(secureHandle, buffer) }
        while true {
            let count = recv(socket, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return count }
            if errno != EINTR { return -Int(errno) }
        }
    }

    /// The bytes taken, or a negative errno.
    @inline(__always)
    func write(_ vectors: UnsafeMutableBufferPointer<iovec>) -> Int {
        var message = msghdr()
        message.msg_iov = vectors.baseAddress
        message.msg_iovlen = vectors.count
        while true {
            let count = sendmsg(socket, &message, clinux_MSG_NOSIGNAL)
            if count >= 0 { return count }
            if errno != EINTR { return -Int(errno) }
        }
    }

    func writeSecurely(_ handle: UnsafeMutableRawPointer, _ bytes: UnsafeRawBufferPointer) -> Int {
        var sent = 0
        return switch curl_easy_send(handle, bytes.baseAddress, bytes.count, &sent) {
        case CURLE_OK: sent
        case CURLE_AGAIN: -Int(EAGAIN)
        default: -Int(EPIPE)
        }
    }

    private static func readSecurely(
        _ handle: UnsafeMutableRawPointer, _ buffer: UnsafeMutableRawBufferPointer
    ) -> Int {
        var count = 0
        return switch curl_easy_recv(handle, buffer.baseAddress, buffer.count, &count) {
        case CURLE_OK: count
        case CURLE_AGAIN: -Int(EAGAIN)
        default: -Int(ECONNRESET)
        }
    }
}
