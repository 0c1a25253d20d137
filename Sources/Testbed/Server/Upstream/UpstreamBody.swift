/// Hands a client's body on to another role as it comes, and holds the client back while that role is
/// slower.
final class UpstreamBody: BodySink {
    private let upstream: any StoreUpload
    private weak var exchange: Exchange?
    private let noteWaiting: (Int) -> Void
    private var isPaused = false

    /// - Parameter noteWaiting: is told how many bytes wait here, whenever that has changed.
    init(
        _ exchange: Exchange, to upstream: any StoreUpload,
        noteWaiting: @escaping (Int) -> Void = { _ in }
    ) {
        self.exchange = exchange
        self.upstream = upstream
        self.noteWaiting = noteWaiting
        upstream.drained = { [weak self] in self?.resume() }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        upstream.write(bytes)
        noteWaiting(upstream.waitingBytes)
        guard upstream.isFull, !isPaused else { return }
        isPaused = true
        exchange?.pauseBody()
    }

    func finish() {
        upstream.finish()
        noteWaiting(0)
    }

    func abort() {
        upstream.cancel()
        noteWaiting(0)
    }

    private func resume() {
        noteWaiting(upstream.waitingBytes)
        guard isPaused else { return }
        isPaused = false
        exchange?.resumeBody()
    }
}
