import Glibc
import NetIO

/// Hands another role's answer on to a client as it comes, and holds that role back while the
/// client is slower.
///
/// An answer without a length is collected first, up to a limit, since the server frames its own
/// answers by their length. So is a short one: head and body then leave together.
final class UpstreamRelay: UpstreamReceiver, BodySource {
    private let limits: UpstreamLimits
    private let respond: (UpstreamHead, HTTPResponse.Body) -> Void
    private let failed: (SystemError) -> Void

    private var head: UpstreamHead?
    private var exchange: UpstreamExchange?
    private var isStreaming = false
    private var bytes: [UInt8] = []
    private var offset = 0
    private var isPaused = false
    private var isComplete = false
    private var hasFailed = false
    private var wake: () -> Void = {}

    private static let shortBytes: Int64 = 16 * 1024

    /// - Parameters:
    ///   - respond: is called once, unless `failed` is.
    ///   - failed: there is no answer. One that breaks off later cuts the client's connection, as
    ///     its length was promised.
    init(
        limits: UpstreamLimits, respond: @escaping (UpstreamHead, HTTPResponse.Body) -> Void,
        failed: @escaping (SystemError) -> Void
    ) {
        self.limits = limits
        self.respond = respond
        self.failed = failed
    }

    private var unreadBytes: Int { bytes.count - offset }

    // MARK: From the other role

    func receive(_ head: UpstreamHead, of exchange: UpstreamExchange) {
        self.head = head
        self.exchange = exchange
        guard let length = head.bodyLength, length > Self.shortBytes else { return }
        isStreaming = true
        respond(head, .stream(self, length: length))
    }

    func receive(_ received: UnsafeRawBufferPointer) {
        guard !hasFailed else { return }
        let wasDry = isDry
        bytes.append(contentsOf: received)
        guard isStreaming else {
            if bytes.count > limits.collectedBytes { refuse() }
            return
        }
        if unreadBytes >= limits.unreadBytes, !isPaused {
            isPaused = true
            exchange?.pauseAnswer()
        }
        if wasDry { wake() }
    }

    func finish() {
        let wasDry = isDry
        isComplete = true
        exchange = nil
        guard isStreaming else {
            if let head { respond(head, bytes.isEmpty ? .none : .bytes(bytes)) }
            return
        }
        if wasDry { wake() }
    }

    func fail(_ error: SystemError) {
        let wasDry = isDry
        hasFailed = true
        exchange = nil
        guard isStreaming else { return failed(error) }
        if wasDry { wake() }
    }

    private func refuse() {
        abandon()
        failed(SystemError(operation: "upstream answer", code: EMSGSIZE))
    }

    // MARK: To the client

    var isDry: Bool { unreadBytes == 0 && !isComplete && !hasFailed }

    func onRefill(_ wake: @escaping () -> Void) { self.wake = wake }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        // What came before a failure is sent: the client sees how far the answer got.
        guard unreadBytes > 0 else { return hasFailed ? -1 : 0 }
        let count = min(buffer.count, unreadBytes)
        bytes.withUnsafeBytes { all in
            buffer.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: all[offset..<(offset + count)]))
        }
        offset += count
        if offset == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            offset = 0
        }
        if isPaused, unreadBytes < limits.unreadBytes / 2 {
            isPaused = false
            exchange?.resumeAnswer()
        }
        return count
    }

    func abandon() {
        hasFailed = true
        wake = {}
        bytes = []
        offset = 0
        let abandoned = exchange
        exchange = nil
        abandoned?.cancel()
    }
}
