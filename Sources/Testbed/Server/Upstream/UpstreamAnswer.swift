import Glibc
package import NetIO

/// An answer that one role got from another.
package struct UpstreamAnswer {
    package let status: Int
    package let headers: HeaderFields
    package let body: [UInt8]

    package init(status: Int, headers: HeaderFields, body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// The head of an answer whose body follows.
struct UpstreamHead {
    let status: Int
    let headers: HeaderFields
    /// Of the body that follows; nil when only its end will tell.
    let bodyLength: Int64?
}

/// Takes one answer as it arrives: a head, pieces, and the end; or a failure at any time, which is
/// the last call.
protocol UpstreamReceiver: AnyObject {
    func receive(_ head: UpstreamHead, of exchange: UpstreamExchange)
    /// The bytes are only valid during the call.
    func receive(_ bytes: UnsafeRawBufferPointer)
    func finish()
    func fail(_ error: SystemError)
}

/// Collects a whole answer, up to a limit.
final class CollectedAnswer: UpstreamReceiver {
    private let limitBytes: Int
    private let completion: UpstreamClient.Completion
    private var head: UpstreamHead?
    private var body: [UInt8] = []
    private weak var exchange: UpstreamExchange?

    init(limitBytes: Int, completion: @escaping UpstreamClient.Completion) {
        self.limitBytes = limitBytes
        self.completion = completion
    }

    func receive(_ head: UpstreamHead, of exchange: UpstreamExchange) {
        self.head = head
        self.exchange = exchange
        guard let length = head.bodyLength else { return }
        guard length <= Int64(limitBytes) else { return refuse() }
        body.reserveCapacity(Int(length))
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        guard body.count + bytes.count <= limitBytes else { return refuse() }
        body.append(contentsOf: bytes)
    }

    func finish() {
        guard let head else { return }
        completion(
            .success(UpstreamAnswer(status: head.status, headers: head.headers, body: body)))
    }

    func fail(_ error: SystemError) { completion(.failure(error)) }

    private func refuse() {
        exchange?.cancel()
        completion(.failure(SystemError(operation: "upstream answer", code: EMSGSIZE)))
    }
}
