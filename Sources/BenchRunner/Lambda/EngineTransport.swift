import Glibc
import NetIO
import Testbed
import Transfer

/// The gateway's way to a real S3: HTTPS by the transfer engine, on connections that are kept between
/// invocations. A failure is logged here, as clients are told nothing of what is behind the API.
final class EngineTransport: StoreTransport {
    private let engine: TransferEngine
    private let origin: Origin
    private let log: (String) -> Void
    /// X-Ray's, of the invocation under way; sent on, as AWS's SDKs do. No part of the signature, as
    /// it is no `x-amz-` field.
    var traceID: String?

    init(_ engine: TransferEngine, origin: Origin, log: @escaping (String) -> Void) {
        self.engine = engine
        self.origin = origin
        self.log = log
    }

    func begin(_ head: [UInt8], completion: @escaping StoreCompletion) -> any StoreUpload {
        CollectedUpload { [self] body in send(traced(head), body, completion) }
    }

    /// Ends what is under way, whose answers come too late.
    func cancel() { engine.cancelAll() }

    private func send(_ head: [UInt8], _ body: [UInt8], _ completion: @escaping StoreCompletion) {
        var request = Request(
            origin: origin, head: head, body: body.isEmpty ? [] : [BodySlice(bytes: body)])
        // The environment may have slept since the last request: a kept connection is often closed by
        // then. An upload that is begun twice is removed by the bucket's lifecycle.
        request.isRepeatable = true
        let line = Self.line(head)
        engine.send(request) { [log] result in
            switch result {
            case .success(let answer):
                if answer.status >= 400, ![404, 416].contains(answer.status) {
                    log("S3 answered \(answer.status) \(Self.code(answer.body)) to \(line)")
                }
                completion(
                    .success(
                        UpstreamAnswer(
                            status: answer.status, headers: answer.headers, body: answer.body)))
            case .failure(let failed):
                log("no answer from S3 to \(line): \(failed.failure.message)")
                let error = SystemError(operation: failed.failure.code, code: EIO)
                completion(.failure(error))
            }
        }
    }

    private func traced(_ head: [UInt8]) -> [UInt8] {
        guard let traceID, !traceID.utf8.contains(where: { $0 < 0x20 }) else { return head }
        return head.dropLast(2) + Array("X-Amzn-Trace-Id: \(traceID)\r\n\r\n".utf8)
    }

    /// Method and path, for the log.
    private static func line(_ head: [UInt8]) -> String {
        let line = head.prefix { $0 != 13 && $0 != UInt8(ascii: "?") }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ").prefix(2)
        return words.joined(separator: " ")
    }

    /// The error document's code, such as AccessDenied.
    private static func code(_ body: [UInt8]) -> String {
        guard let start = body.firstRange(of: Array("<Code>".utf8))?.upperBound else { return "" }
        return String(decoding: body[start...].prefix { $0 != UInt8(ascii: "<") }, as: UTF8.self)
    }
}

/// Collects a body that is in memory anyway, and sends it when it is whole.
private final class CollectedUpload: StoreUpload {
    var drained: (() -> Void)?
    private var body: [UInt8] = []
    private var send: (([UInt8]) -> Void)?

    init(send: @escaping ([UInt8]) -> Void) { self.send = send }

    var waitingBytes: Int { body.count }
    var isFull: Bool { false }

    func write(_ bytes: UnsafeRawBufferPointer) {
        if send != nil { body.append(contentsOf: bytes) }
    }

    func finish() {
        let send = send
        cancel()
        send?(body)
        body = []
    }

    func cancel() { send = nil }
}
