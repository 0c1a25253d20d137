import NetIO
import Transfer

/// One invocation, as the Runtime API hands it over.
struct Invocation {
    let requestID: String
    /// Unix time at which Lambda ends the environment.
    let deadlineMs: Int64?
    let traceID: String?
    let event: [UInt8]

    /// nil when the answer is none to `next`.
    init?(_ answer: Answer) {
        guard answer.status == 200,
            let requestID = answer.headers.first("Lambda-Runtime-Aws-Request-Id"),
            !requestID.isEmpty,
            requestID.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") })
        else { return nil }
        self.requestID = requestID
        deadlineMs = answer.headers.first("Lambda-Runtime-Deadline-Ms").flatMap { Int64($0) }
        traceID = answer.headers.first("Lambda-Runtime-Trace-Id")
        event = answer.body
    }
}

/// Lambda's side of a custom runtime (AWS Lambda, "Using the Lambda runtime API for custom runtimes",
/// version 2018-06-01).
struct RuntimeAPI {
    typealias Completion = (Result<Answer, FailedTransfer>) -> Void

    private static let base = "/2018-06-01/runtime"
    private static let errorType = "Lambda-Runtime-Function-Error-Type"
    private let engine: TransferEngine
    private let origin: Origin

    init(_ engine: TransferEngine, origin: Origin) {
        self.engine = engine
        self.origin = origin
    }

    /// Waits for as long as it takes: the environment may sleep meanwhile.
    func next(_ completion: @escaping Completion) {
        var request = Request("GET", Self.base + "/invocation/next", at: origin)
        request.timeouts = RequestTimeouts(idleNs: .max, totalNs: .max)
        engine.send(request, completion: completion)
    }

    func respond(to requestID: String, _ answer: [UInt8], _ completion: @escaping Completion) {
        post("/invocation/\(requestID)/response", answer, [], completion)
    }

    func fail(
        _ requestID: String, type: String, message: String, _ completion: @escaping Completion
    ) {
        post(
            "/invocation/\(requestID)/error", Self.document(type, message),
            [(Self.errorType, type)], completion)
    }

    func failToStart(type: String, message: String, _ completion: @escaping Completion) {
        post("/init/error", Self.document(type, message), [(Self.errorType, type)], completion)
    }

    private func post(
        _ path: String, _ body: [UInt8], _ fields: [(name: String, value: String)],
        _ completion: @escaping Completion
    ) {
        let request = Request(
            "POST", Self.base + path, at: origin,
            fields: [("Content-Type", "application/json")] + fields,
            body: [BodySlice(bytes: body)])
        engine.send(request, completion: completion)
    }

    private static func document(_ type: String, _ message: String) -> [UInt8] {
        let object: [String: Any] = [
            "errorType": type, "errorMessage": message, "stackTrace": [String](),
        ]
        return Array(JSONText.render(object).utf8)
    }
}
