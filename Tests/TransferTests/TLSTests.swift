import CLinux
import Foundation
import Glibc
import NetIO
import Testing
import Transfer

/// `openssl s_server` with a certificate of its own for `localhost` and names below it.
private final class TLSServer {
    private static let program = "/usr/bin/openssl"
    static var isAvailable: Bool { FileManager.default.isExecutableFile(atPath: program) }

    let folder: URL
    let port: Int
    private let server: Child

    var authorities: String { folder.appendingPathComponent("certificate.pem").path }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let key = folder.appendingPathComponent("key.pem").path
        let certificate = folder.appendingPathComponent("certificate.pem").path
        let maker = try Child([
            Self.program, "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=test", "-addext",
            "subjectAltName=DNS:localhost,DNS:bucket.localhost", "-keyout", key, "-out",
            certificate,
        ])
        _ = maker.output(until: { _ in false })
        server = try Child([
            Self.program, "s_server", "-accept", "127.0.0.1:0", "-www", "-key", key, "-cert",
            certificate,
        ])
        let output = server.output { $0.contains("ACCEPT") && $0.hasSuffix("\n") }
        guard let digits = output.split(separator: ":").last?.prefix(while: \.isNumber),
            let port = Int(digits)
        else { throw SystemError(operation: "openssl s_server", code: EINVAL) }
        self.port = port
    }

    deinit { try? FileManager.default.removeItem(at: folder) }
}

/// A program whose output is read here, and that ends with this object.
private final class Child {
    private var process = pid_t()
    private let output: Int32

    init(_ words: [String]) throws {
        var ends: [Int32] = [-1, -1]
        // Other children that start at the same time must not inherit it: its end would not come.
        let kind = clinux_SOCK_STREAM | clinux_SOCK_CLOEXEC
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw SystemError(operation: "socketpair")
        }
        output = ends[0]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var arguments = words.map { strdup($0) } + [nil]
        let code = posix_spawn(&process, words[0], &actions, nil, &arguments, environ)
        arguments.forEach { free($0) }
        posix_spawn_file_actions_destroy(&actions)
        close(ends[1])
        guard code == 0 else { throw SystemError(operation: "posix_spawn", code: code) }
    }

    deinit {
        close(output)
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
    }

    /// What it says until that is enough, or its end.
    func output(until isEnough: (String) -> Bool) -> String {
        var text = ""
        var bytes = [UInt8](repeating: 0, count: 4096)
        while !isEnough(text) {
            let count = read(output, &bytes, bytes.count)
            guard count > 0 else { break }
            text += String(decoding: bytes[..<count], as: UTF8.self)
        }
        return text
    }
}

@Suite(.enabled(if: TLSServer.isAvailable)) struct TLSTests {
    private let server: TLSServer

    init() throws { server = try TLSServer() }

    private func send(
        to host: String, _ change: (inout TransferConfiguration) -> Void
    ) throws -> Result<Answer, FailedTransfer> {
        var configuration = TransferConfiguration.forTests
        change(&configuration)
        let client = try TestClient(configuration: configuration) { _ in }
        let origin = Origin(scheme: .https, host: host, port: server.port)
        return client.send(Request("GET", "/", at: origin))
    }

    @Test(arguments: ["localhost", "bucket.localhost"])
    func `a server is trusted by the given authorities`(_ host: String) throws {
        let answer = try send(to: host) { $0.authoritiesPath = server.authorities }.get()
        #expect(answer.status == 200)
        #expect(answer.timings.tlsNs ?? 0 > 0)
        #expect(answer.timings.connectNs ?? 0 > 0)
        #expect(String(decoding: answer.body, as: UTF8.self).contains("TLSv1.3"))
    }

    @Test func `a server is trusted whatever its certificate when that is asked for`() throws {
        #expect(try send(to: "127.0.0.1") { $0.verifiesServer = false }.get().status == 200)
    }

    @Test func `a certificate that nobody vouches for is refused in libcurl's words`() throws {
        try expectRefusal(of: send(to: "localhost") { _ in })
    }

    @Test func `a certificate for another name is refused`() throws {
        try expectRefusal(of: send(to: "127.0.0.1") { $0.authoritiesPath = server.authorities })
    }

    private func expectRefusal(of result: Result<Answer, FailedTransfer>) {
        guard case .failure(let failed) = result, case .tlsFailed(let why) = failed.failure else {
            Issue.record("\(result)")
            return
        }
        #expect(why.contains("certificate"))
        #expect(failed.bytesSent == 0)
    }

    @Test func `a server that does not speak TLS is told as that`() throws {
        let client = try TestClient { peer in peer.write("HTTP/1.1 400 Bad Request\r\n\r\n") }
        let origin = Origin(scheme: .https, host: "127.0.0.1", port: client.server.port)
        #expect(client.failure(Request("GET", "/", at: origin))?.code == "tls-failed")
    }
}
