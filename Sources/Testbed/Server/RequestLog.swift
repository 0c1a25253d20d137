import CLinux
import Glibc
package import NetIO
import Presign
import Synchronization

/// What the roles were asked, one JSON object per line and request: for whoever counts requests and
/// preflights from the servers' side. Neither queries nor `Authorization` are written, so no signature
/// and no token is.
///
/// A line is one write(2) to a file that is open for appending, so lines of several roles do not mix.
package final class RequestLog: Sendable {
    private let descriptor: Int32
    /// The last line was written in part.
    private let isTorn = Atomic<Bool>(false)

    /// - Throws: when the file cannot be opened.
    package init(path: String) throws(SystemError) {
        // Not blocking: neither a pipe without a reader nor one whose reader has stopped holds anybody up.
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK
        descriptor = open(path, flags, 0o600)
        guard descriptor >= 0 else { throw SystemError(operation: "open \(path)") }
    }

    deinit { close(descriptor) }

    /// - Parameters:
    ///   - status: nil for a client that left before its answer.
    ///   - faults: what was made to go wrong; nil where nothing was.
    ///   - clientEnded: the client had ended its half before the answer, as one that gave up has.
    func append(
        _ request: HTTPRequest, status: Int?, role: String, faults: String?, clientEnded: Bool
    ) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let text = { (name: String) in
            request.headers.first(name).map { JSONValue.string($0) } ?? .null
        }
        let number = { (value: Int64?) in value.map { JSONValue.number("\($0)") } ?? .null }
        var line: [UInt8] = []
        JSONValue.object([
            ("unix_us", number(Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)),
            ("role", .string(role)), ("method", .string(request.method)),
            ("path", .string(request.rawPath)), ("host", text("Host")),
            ("origin", text("Origin")),
            ("preflight_for", text("Access-Control-Request-Method")),
            ("content_length", number(request.contentLength)),
            ("status", number(status.map(Int64.init))),
            ("fault", faults.map { JSONValue.string($0) } ?? .null),
            ("client_ended", .bool(clientEnded)),
        ]).append(to: &line)
        line = Self.escaped(line)
        line.append(UInt8(ascii: "\n"))
        if isTorn.exchange(false, ordering: .relaxed) { line.insert(UInt8(ascii: "\n"), at: 0) }
        // A log that cannot be written must not end the service; its reader sees the gap.
        let written = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if (1..<line.count).contains(written) { isTorn.store(true, ordering: .relaxed) }
    }

    /// A log is also read on terminals and line by line: what a client sent of DEL, C1 controls, line
    /// separators and marks that turn the direction of text is written as JSON's `\u` escapes.
    static func escaped(_ json: [UInt8]) -> [UInt8] {
        guard json.contains(where: { $0 >= 0x7F }) else { return json }
        var safe = ""
        for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\u{7F}"..."\u{9F}", "\u{61C}", "\u{200E}", "\u{200F}", "\u{2028}"..."\u{202E}",
                "\u{2066}"..."\u{2069}":
                let digits = String(scalar.value, radix: 16)
                safe += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: safe.unicodeScalars.append(scalar)
            }
        }
        return Array(safe.utf8)
    }
}
