import Measure
import NetIO
package import Presign
package import Transfer

/// `presigned-multipart`: `POST /signed-multipart`, the parts as presigned PUTs with a few at a
/// time, the completion, `POST /reviews`. With a local signer the creation is a presigned request
/// like the others, and nobody is told.
///
/// A part that fails for a passing reason is sent again alone. When the upload is given up it is
/// aborted once nothing of it is under way any more: S3 keeps and bills parts that come later (S3
/// User Guide, "Aborting a multipart upload").
package final class PresignedMultipart: Scenario {
    private enum Stage { case create, parts, complete, abort, review }

    private let permissions: MultipartPermissions
    private let partBytes: Int64
    private let window: Int
    private let isAccelerated: Bool

    private var content: UploadContent?
    private var plan: PartPlan?
    private var targets: MultipartTargets?
    private var stage = Stage.create
    private var etags: [String?] = []
    private var attempts: [Int] = []
    private var nextPart = 0
    private var underWay = 0
    /// Why the upload was given up.
    private var failure: UploadEnd?
    package private(set) var retries = 0

    private let attemptsPerPart: Int
    private let names: RandomSource?
    private var name: RequestName?

    /// - Parameters:
    ///   - partBytes: of all parts but the last.
    ///   - window: parts that are under way at a time.
    ///   - retriesParts: a part that failed for a passing reason is sent again, up to twice.
    ///   - names: gives each creation by the API an `Idempotency-Key`, by which its object is called.
    package init(
        _ permissions: MultipartPermissions, partBytes: Int64, window: Int,
        isAccelerated: Bool = false, retriesParts: Bool = true, names: RandomSource? = nil
    ) {
        self.names = names
        attemptsPerPart = retriesParts ? 3 : 1
        self.permissions = permissions
        self.partBytes = partBytes
        self.window = max(1, window)
        self.isAccelerated = isAccelerated
    }

    package func begin(_ content: UploadContent, unixSeconds: Int64) -> Step {
        self.content = content
        stage = .create
        targets = nil
        failure = nil
        retries = 0
        plan = PartPlan(objectBytes: content.sizeBytes, partBytes: partBytes)
        guard let plan else { return .finished(.notSigned) }
        etags = Array(repeating: nil, count: plan.count)
        attempts = Array(repeating: 0, count: plan.count)
        (nextPart, underWay) = (0, 0)
        switch permissions {
        case .gateway(let api):
            name = names.map { RequestName($0, content) }
            let request = api.multipartRequest(
                content, plan, isAccelerated: isAccelerated, name: name)
            return .send(ScenarioRequest(phase: .authorize, request: request))
        case .local(let signer):
            guard let target = try? signer.create(for: content, unixSeconds: unixSeconds)
            else { return .finished(.notSigned) }
            let request = target.request("POST", contentType: content.contentType, [])
            return .send(ScenarioRequest(phase: .authorize, request: request))
        }
    }

    package func received(_ answer: Answer, tag: Int, unixSeconds: Int64) -> Step {
        switch stage {
        case .create: return created(answer, unixSeconds: unixSeconds)
        case .parts: return receivedPart(answer, tag)
        case .complete: return completed(answer)
        case .abort: return .finished(failure ?? .failed(answer))
        case .review:
            return .finished(.reviewed(answer, sizeBytes: content?.sizeBytes ?? 0))
        }
    }

    package func failed(_ failed: FailedTransfer, tag: Int, unixSeconds: Int64) -> Step {
        switch stage {
        case .parts:
            underWay -= 1
            if Self.isPassing(failed.failure), mayRetry(tag) { return .send(part(tag)) }
            return giveUp(.lost(failed))
        // Should the completion have been done all the same, there is nothing left to abort, and the
        // object stays.
        case .complete: return giveUp(.lost(failed))
        case .create, .review: return .finished(.lost(failed))
        case .abort: return .finished(failure ?? .lost(failed))
        }
    }

    package var writtenKey: WrittenKey? { targets?.key.map { .key($0) } ?? name?.key }

    // MARK: Parts

    private func created(_ answer: Answer, unixSeconds: Int64) -> Step {
        guard let plan else { return .finished(.failed(answer)) }
        switch permissions {
        case .gateway: targets = MultipartTargets(answer)
        case .local(let signer):
            targets = MultipartTargets(answer, plan, signer, unixSeconds: unixSeconds)
        }
        guard let targets else { return .finished(.failed(answer)) }
        guard targets.parts.count == plan.count else { return giveUp(.failed(answer)) }
        stage = .parts
        nextPart = min(window, plan.count)
        return .sendAll((0..<nextPart).map(part))
    }

    private func part(_ index: Int) -> ScenarioRequest {
        guard let content, let plan, let targets else {
            preconditionFailure("parts are sent after the creation")
        }
        underWay += 1
        attempts[index] += 1
        let body = content.payload.slices(plan.range(index))
        var request = ScenarioRequest(
            phase: .upload, request: targets.parts[index].request("PUT", body), tag: index)
        request.needsETag = true
        return request
    }

    private func receivedPart(_ answer: Answer, _ index: Int) -> Step {
        underWay -= 1
        guard answer.status == 200, let etag = answer.headers.first("ETag") else {
            if Self.isPassing(answer), mayRetry(index) { return .send(part(index)) }
            return giveUp(.failed(answer))
        }
        etags[index] = etag
        if failure != nil { return abortIfIdle() }
        if nextPart < etags.count {
            nextPart += 1
            return .send(part(nextPart - 1))
        }
        return underWay > 0 ? .wait : complete()
    }

    /// S3's 5xx are "try again" (S3 User Guide, "Error responses"). Its 4xx are not, but for those that
    /// speak of time: 408 and 429 (RFC 9110 §15.5.9, RFC 6585 §4) and S3's own 400 RequestTimeout.
    private static func isPassing(_ answer: Answer) -> Bool {
        answer.status >= 500 || answer.status == 408 || answer.status == 429
            || answer.status == 400 && ErrorCode.find(in: answer.body) == "RequestTimeout"
    }

    /// A certificate that is not trusted, or an answer that is not HTTP, will be so again.
    private static func isPassing(_ failure: TransferFailure) -> Bool {
        [.connectFailed, .connectionLost, .timedOut].contains(Outcome(failure))
    }

    private func mayRetry(_ index: Int) -> Bool {
        guard failure == nil, attempts[index] < attemptsPerPart else { return false }
        retries += 1
        return true
    }

    // MARK: Ends

    private func complete() -> Step {
        guard let targets else { return .wait }
        stage = .complete
        let document = CompletionDocument.bytes(etags: etags.map { $0 ?? "" })
        let request = targets.complete.request(
            "POST", [BodySlice(bytes: document)],
            fields: targets.completesOnlyNew ? "If-None-Match: *\r\n" : "")
        return ask(request)
    }

    /// S3 may begin a 200 before it knows the outcome, and then put an error into the body (S3 API
    /// Reference, "CompleteMultipartUpload").
    private func completed(_ answer: Answer) -> Step {
        guard answer.status == 200, answer.body.firstRange(of: Array("<ETag>".utf8)) != nil
        else { return giveUp(.failed(answer)) }
        guard case .gateway(let api) = permissions, let key = targets?.key else {
            return .finished(UploadEnd(.success, httpStatus: answer.status))
        }
        stage = .review
        return .send(ScenarioRequest(phase: .notify, request: api.reviewRequest(key: key)))
    }

    private func giveUp(_ end: UploadEnd) -> Step {
        if failure == nil { failure = end }
        return abortIfIdle()
    }

    private func abortIfIdle() -> Step {
        guard underWay == 0, let targets else { return .wait }
        stage = .abort
        return ask(targets.abort.request("DELETE", []))
    }

    /// A request of the upload that carries nothing of the file.
    private func ask(_ request: Request) -> Step {
        var next = ScenarioRequest(phase: .upload, request: request)
        next.carriesFile = false
        return .send(next)
    }
}

/// Names the parts of an upload in their order (S3 API Reference, "CompleteMultipartUpload").
enum CompletionDocument {
    /// - Parameter sha256: by index; an upload that was made with a checksum wants it for each part.
    static func bytes(etags: [String], sha256: [Int: String] = [:]) -> [UInt8] {
        var xml = "<CompleteMultipartUpload>"
        for (index, etag) in etags.enumerated() {
            xml += "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(escaped(etag))</ETag>"
            if let value = sha256[index] { xml += "<ChecksumSHA256>\(value)</ChecksumSHA256>" }
            xml += "</Part>"
        }
        return Array((xml + "</CompleteMultipartUpload>").utf8)
    }

    /// What must not stand in an XML text; a hostile ETag stays one text.
    private static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            default: String(character)
            }
        }.joined()
    }
}

extension RequestTarget {
    func request(
        _ method: String, contentType: String? = nil, _ body: [BodySlice], fields: String = ""
    ) -> Request {
        let length = body.reduce(0) { $0 + $1.count }
        let type = contentType.map { "Content-Type: \($0)\r\n" } ?? ""
        let head = """
            \(method) \(pathAndQuery) HTTP/1.1\r\nHost: \(origin.authority)\r\n\(type)\
            Content-Length: \(length)\r\n\(fields)\r\n
            """
        return Request(origin: origin, head: Array(head.utf8), body: body)
    }
}

extension GatewayAPI {
    func multipartRequest(
        _ content: UploadContent, _ plan: PartPlan, isAccelerated: Bool, name: RequestName?
    ) -> Request {
        let json = """
            {"filename":"\(Self.jsonEscaped(content.fileName))",\
            "contentType":"\(Self.jsonEscaped(content.contentType))",\
            "size":\(plan.objectBytes),"partBytes":\(plan.partBytes)\
            \(isAccelerated ? #","accelerate":true"# : "")}
            """
        return post(
            "/signed-multipart", [BodySlice(bytes: Array(json.utf8))], fields: name?.field ?? "")
    }
}
