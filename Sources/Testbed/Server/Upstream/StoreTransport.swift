package import NetIO

/// Gets the one answer to a request, or why there is none.
package typealias StoreCompletion = (Result<UpstreamAnswer, SystemError>) -> Void

/// The gateway's way to a store: over plain HTTP to the embedded one, or as its user brings it.
package protocol StoreTransport: AnyObject {
    /// Begins a request whose body follows piece by piece; `completion` is never called before this
    /// returns.
    ///
    /// - Parameter head: request line and fields with the blank line, signed.
    func begin(_ head: [UInt8], completion: @escaping StoreCompletion) -> any StoreUpload
}

/// A request whose body is being written.
package protocol StoreUpload: AnyObject {
    /// To be called when a body that was full has room again.
    var drained: (() -> Void)? { get set }
    /// Bytes that the network has not taken yet.
    var waitingBytes: Int { get }
    /// The writer should wait for `drained`.
    var isFull: Bool { get }

    func write(_ bytes: UnsafeRawBufferPointer)
    /// The body is whole.
    func finish()
    /// The client left: no answer is told any more.
    func cancel()
}

extension UpstreamExchange: StoreUpload {}

extension UpstreamClient: StoreTransport {
    func begin(_ head: [UInt8], completion: @escaping StoreCompletion) -> any StoreUpload {
        open(head, completion: completion)
    }
}
