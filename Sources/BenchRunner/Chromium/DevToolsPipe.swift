import Foundation

/// The DevTools protocol over pipes: JSON messages that end with a zero byte. One thread asks and waits.
final class DevToolsPipe {
    enum Failure: Error {
        /// SIGINT or SIGTERM came while waiting.
        case interrupted
        case browser(String)
    }

    private let process: ChromiumProcess
    private static let hasEnded =
        "it has ended; start it by hand (chromium --headless=new about:blank) to see why"
    private var unread: [UInt8] = []
    private var lastIdentifier = 0
    /// Gets each event, in their order.
    var onEvent: ([String: Any]) -> Void = { _ in }

    init(_ process: ChromiumProcess) { self.process = process }

    /// Sends a command and waits for its answer; events that come before it are handed on.
    func call(
        _ method: String, _ parameters: [String: Any] = [:], session: String? = nil,
        within seconds: Double = 30
    ) throws(Failure) -> [String: Any] {
        lastIdentifier += 1
        let identifier = lastIdentifier
        var message: [String: Any] = [
            "id": identifier, "method": method, "params": parameters,
        ]
        message["sessionId"] = session
        try send(message)
        let deadline = Self.deadline(seconds)
        while let answer = try next(before: deadline) {
            guard answer["id"] as? Int == identifier else {
                onEvent(answer)
                continue
            }
            if let error = answer["error"] as? [String: Any] {
                throw .browser("\(method): \(error["message"] as? String ?? "refused")")
            }
            return answer["result"] as? [String: Any] ?? [:]
        }
        throw .browser("\(method): no answer within \(Int(seconds)) s")
    }

    /// Hands on what comes until `isDone` or until nothing came for so long.
    func takeEvents(
        quietSeconds: Double, until isDone: () -> Bool = { false }
    ) throws(Failure) {
        while !isDone(), let event = try next(before: Self.deadline(quietSeconds)) {
            onEvent(event)
        }
    }

    private static func deadline(_ seconds: Double) -> UInt64 {
        DispatchTime.now().uptimeNanoseconds + UInt64(seconds * 1e9)
    }

    private func send(_ message: [String: Any]) throws(Failure) {
        guard let data = try? JSONSerialization.data(withJSONObject: message) else {
            throw .browser("a message cannot be written as JSON")
        }
        var bytes = (Array(data) + [0])[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes {
                write(process.input, $0.baseAddress, $0.count)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw .browser(Self.hasEnded) }
            bytes = bytes.dropFirst(written)
        }
    }

    /// nil at the deadline.
    private func next(before deadline: UInt64) throws(Failure) -> [String: Any]? {
        while true {
            if let end = unread.firstIndex(of: 0) {
                let message = Data(unread[..<end])
                unread.removeSubrange(...end)
                let object = try? JSONSerialization.jsonObject(with: message)
                if let object = object as? [String: Any] { return object }
                continue
            }
            if Interruption.isRequested { throw .interrupted }
            let now = DispatchTime.now().uptimeNanoseconds
            guard now < deadline else { return nil }
            var readable = pollfd(fd: process.output, events: Int16(POLLIN), revents: 0)
            let waitMs = Int32(min(50, (deadline - now) / 1_000_000 + 1))
            guard poll(&readable, 1, waitMs) > 0 else { continue }
            var buffer = [UInt8](repeating: 0, count: 64 * 1024)
            let count = read(process.output, &buffer, buffer.count)
            guard count > 0 else { throw .browser(Self.hasEnded) }
            unread += buffer.prefix(count)
        }
    }
}
