import COpenSSL
import Glibc
package import NetIO

/// What a role needs to speak TLS 1.3: an authority made at the start and a certificate of it.
///
/// `@unchecked Sendable`: the context is not changed after `init`, and OpenSSL counts its users with
/// atomics.
package final class ServerSecurity: @unchecked Sendable {
    /// The authority's certificate, for clients to trust.
    package let authorityPEM: String
    private let context: OpaquePointer

    /// Handshakes that ended well, and those of them that went on with an earlier session.
    package var handshakes: (all: Int, resumed: Int) {
        (copenssl_handshakes(context), copenssl_resumptions(context))
    }

    /// - Parameters:
    ///   - hosts: names and addresses besides those of this machine's loopback.
    ///   - resumesSessions: gives tickets, so that a client may come back with fewer messages.
    package init(hosts: [String] = [], resumesSessions: Bool = true) throws(SystemError) {
        guard let authorityKey = copenssl_p256_key(), let key = copenssl_p256_key(),
            let authority = copenssl_certificate(
                authorityKey, "uploadbench test authority", nil, nil, nil),
            let certificate = copenssl_certificate(
                key, "localhost", Self.names(hosts), authority, authorityKey),
            let context = SSL_CTX_new(TLS_server_method())
        else { throw Self.failure("make a certificate") }
        defer {
            for key in [authorityKey, key] { EVP_PKEY_free(key) }
            for certificate in [authority, certificate] { X509_free(certificate) }
        }
        self.context = context
        authorityPEM = Self.pem(authority)
        guard copenssl_only_tls13(context) == 1,
            SSL_CTX_use_certificate(context, certificate) == 1,
            SSL_CTX_use_PrivateKey(context, key) == 1
        else { throw Self.failure("use a certificate") }
        copenssl_set_partial_writes(context)
        copenssl_speak_http11(context)
        SSL_CTX_set_num_tickets(context, resumesSessions ? 2 : 0)
        // A write to a connection that was reset must fail, not end the process.
        signal(SIGPIPE, SIG_IGN)
    }

    deinit { SSL_CTX_free(context) }

    /// nil when there is no memory.
    func connection(_ descriptor: Int32) -> SecureConnection? {
        guard let session = SSL_new(context) else { return nil }
        guard SSL_set_fd(session, descriptor) == 1 else {
            SSL_free(session)
            return nil
        }
        SSL_set_accept_state(session)
        return SecureConnection(session)
    }

    private static func names(_ hosts: [String]) -> String {
        let own = ["DNS:localhost", "DNS:*.localhost", "IP:127.0.0.1", "IP:::1"]
        let others = hosts.map { $0.filter { !"[]".contains($0) } }.filter {
            !["", "0.0.0.0", "::", "localhost", "127.0.0.1", "::1"].contains($0)
        }
        return (own + others.map { (isAddress($0) ? "IP:" : "DNS:") + $0 }).joined(separator: ",")
    }

    private static func isAddress(_ host: String) -> Bool {
        var room = in6_addr()
        return inet_pton(AF_INET, host, &room) == 1 || inet_pton(AF_INET6, host, &room) == 1
    }

    private static func pem(_ certificate: OpaquePointer) -> String {
        guard let memory = BIO_new(BIO_s_mem()) else { return "" }
        defer { BIO_free(memory) }
        PEM_write_bio_X509(memory, certificate)
        var text: UnsafeMutablePointer<CChar>?
        let count = copenssl_memory(memory, &text)
        guard let text, count > 0 else { return "" }
        return String(
            decoding: UnsafeRawBufferPointer(start: text, count: Int(count)), as: UTF8.self)
    }

    /// OpenSSL's whole error stack, oldest first: the first says what failed, the others where.
    private static func takeErrors() -> String {
        var texts: [String] = []
        var text = [CChar](repeating: 0, count: 256)
        while true {
            let code = ERR_get_error()
            guard code != 0 else { break }
            ERR_error_string_n(code, &text, text.count)
            texts.append(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self))
        }
        return texts.isEmpty ? "no reason given" : texts.joined(separator: "; ")
    }

    private static func failure(_ operation: String) -> SystemError {
        SystemError(operation: "\(operation) (\(takeErrors()))", code: EPROTO)
    }
}

/// The TLS of one connection. It belongs to its role's thread.
final class SecureConnection {
    private let session: OpaquePointer

    init(_ session: OpaquePointer) { self.session = session }

    deinit { SSL_free(session) }

    var isShakingHands: Bool { SSL_is_init_finished(session) == 0 }

    /// As recv(2): the bytes, 0 at the end, or -1 with errno; the handshake is part of it.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        ERR_clear_error()
        let count = SSL_read(session, buffer.baseAddress, Int32(clamping: buffer.count))
        return count > 0 ? Int(count) : result(count)
    }

    /// As send(2).
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        ERR_clear_error()
        let count = SSL_write(session, bytes.baseAddress, Int32(clamping: bytes.count))
        let answer = count > 0 ? Int(count) : result(count)
        if answer == 0 { errno = EPIPE }
        return answer == 0 ? -1 : answer
    }

    /// Tells the client that no more comes.
    func endWriting() {
        ERR_clear_error()
        if SSL_is_init_finished(session) == 1 { SSL_shutdown(session) }
    }

    private func result(_ count: Int32) -> Int {
        switch SSL_get_error(session, count) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: errno = EAGAIN
        case SSL_ERROR_ZERO_RETURN: return 0
        case SSL_ERROR_SYSCALL: if errno == 0 { errno = ECONNRESET }
        default: errno = EPROTO
        }
        ERR_clear_error()
        return -1
    }
}
