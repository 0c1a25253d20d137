import Glibc
import NetIO

/// A request to another role, and the way of its answer. It does nothing any more once that is
/// there, has failed, or was cancelled.
final class UpstreamExchange {
    /// Called when a body that was full has room again.
    var drained: (() -> Void)?
    /// Is more of the body to come?
    private(set) var isUnfinished = true
    let isHead: Bool

    private unowned let client: UpstreamClient
    private let limits: UpstreamLimits
    private let isChunked: Bool
    private var connection: UpstreamConnection?
    private var receiver: (any UpstreamReceiver)?
    /// Head and body so far, to be sent once more should a kept connection turn out to be closed;
    /// nil when that is not possible (any more).
    private var replay: [UInt8]?
    private let head: [UInt8]
    private var wasFull = false

    init(
        _ client: UpstreamClient, _ head: [UInt8], isHead: Bool, isChunked: Bool,
        receiver: any UpstreamReceiver
    ) {
        self.client = client
        limits = client.limits
        self.head = head
        self.isHead = isHead
        self.isChunked = isChunked
        self.receiver = receiver
    }

    // MARK: The request

    /// Bytes that the network has not taken yet.
    var waitingBytes: Int { connection?.waitingBytes ?? 0 }
    /// The writer should wait for `drained`.
    var isFull: Bool { waitingBytes >= limits.waitingBytes }

    /// Takes a kept connection, or else opens one.
    func start() {
        guard let kept = client.takeIdle() else { return startFresh() }
        // RFC 9110 §9.2.2: a POST might be done twice.
        replay = head.starts(with: "POST ".utf8) ? nil : head
        begin(kept, with: head)
    }

    func write(_ bytes: UnsafeRawBufferPointer) {
        guard isUnfinished, receiver != nil, !bytes.isEmpty else { return }
        guard isChunked else { return put(bytes) }
        var framed = Array((String(bytes.count, radix: 16) + "\r\n").utf8)
        framed.append(contentsOf: bytes)
        framed.append(contentsOf: [13, 10])
        framed.withUnsafeBytes(put)
    }

    /// The body is whole.
    func finish() {
        guard isUnfinished else { return }
        if isChunked, receiver != nil { Array("0\r\n\r\n".utf8).withUnsafeBytes(put) }
        isUnfinished = false
        connection?.noteTurn()
    }

    /// The client left: the connection cannot be used any more, and no answer is told.
    func cancel() {
        receiver = nil
        drop()
    }

    private func put(_ bytes: UnsafeRawBufferPointer) {
        if let kept = replay {
            let fits = kept.count + bytes.count <= limits.repeatedBytes
            if fits { replay?.append(contentsOf: bytes) } else { replay = nil }
        }
        connection?.write(bytes)
        wasFull = wasFull || isFull
    }

    // MARK: The answer

    /// Holds the answer back; what was read already still comes.
    func pauseAnswer() { connection?.setReading(false) }
    func resumeAnswer() { connection?.setReading(true) }

    /// From here on the request cannot be sent again.
    func answerBegins() { replay = nil }

    func deliver(_ event: UpstreamAnswerReader.Event) {
        switch event {
        case .head(let head): receiver?.receive(head, of: self)
        case .data(let bytes): receiver?.receive(bytes)
        case .end:
            let receiver = receiver
            self.receiver = nil
            connection = nil
            receiver?.finish()
        }
    }

    /// The connection has failed and is closed.
    func lost(_ error: SystemError) {
        connection = nil
        if let replay, [ECONNRESET, EPIPE].contains(error.code) {
            self.replay = nil
            return startFresh(with: replay)
        }
        let receiver = receiver
        self.receiver = nil
        receiver?.fail(error)
    }

    func noteDrain() {
        guard wasFull, waitingBytes < limits.waitingBytes / 2 else { return }
        wasFull = false
        drained?()
    }

    // MARK: The connection

    private func startFresh(with bytes: [UInt8]? = nil) {
        do throws(SystemError) {
            begin(try UpstreamConnection(client: client), with: bytes ?? head)
        } catch {
            // Not from inside the call that began the request.
            client.loop.schedule(afterNs: 0) { [self] in lost(error) }
        }
    }

    private func begin(_ connection: UpstreamConnection, with bytes: [UInt8]) {
        self.connection = connection
        connection.begin(self, bytes)
    }

    private func drop() {
        let dropped = connection
        connection = nil
        dropped?.close()
    }
}
