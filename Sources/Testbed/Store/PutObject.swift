import NetIO
import Presign

/// `PUT /key`: takes the body as it comes, and stores the object when all its claims hold.
final class PutObject: BodySink {
    /// S3's bound on one request (S3 User Guide, "Uploading objects").
    static let limitBytes: Int64 = 5_368_709_120

    private let call: StoreCall
    private let store: StoreHandler
    private let content = ObjectContent()
    private var checks: BodyChecks
    private var received: Int64 = 0
    private var failure: S3Failure?

    static func start(
        _ call: StoreCall, _ payload: SignedPayload, _ store: StoreHandler
    ) throws(S3Failure) {
        if let name = call.unsupportedSubresource { throw .notImplemented(name) }
        if call.request.headers.first("x-amz-copy-source") != nil {
            throw .notImplemented("x-amz-copy-source")
        }
        guard let length = call.request.contentLength else { throw .missingContentLength }
        guard length <= limitBytes else {
            throw S3Failure(.entityTooLarge(length, limitBytes: limitBytes))
        }
        try checkConditions(call, store)
        call.exchange.receiveBody(into: try PutObject(call, payload, store))
    }

    private init(
        _ call: StoreCall, _ payload: SignedPayload, _ store: StoreHandler
    ) throws(S3Failure) {
        self.call = call
        self.store = store
        let hex: String?
        switch payload {
        case .unsigned: hex = nil
        case .digest(let claimed): hex = claimed
        case .signedChunks, .unsignedChunksWithTrailer: throw .notImplemented("aws-chunked")
        }
        checks = try BodyChecks(
            contentMD5: call.request.headers.first("Content-MD5"), payloadHex: hex)
    }

    /// Conditional writes (S3 User Guide, "Conditional requests").
    private static func checkConditions(
        _ call: StoreCall, _ store: StoreHandler
    ) throws(S3Failure) {
        let existing = store.objects.object(call.address.key)
        if let value = call.request.headers.first("If-None-Match") {
            guard value == "*" else { throw .notImplemented("If-None-Match") }
            guard existing == nil else { throw preconditionFailed("If-None-Match") }
        }
        if let value = call.request.headers.first("If-Match") {
            guard let existing else { throw .noSuchKey(call.address.key) }
            guard existing.etag == value else { throw preconditionFailed("If-Match") }
        }
    }

    static func preconditionFailed(_ condition: String) -> S3Failure {
        S3Failure(
            412, "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
            [("Condition", condition)])
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil else { return }
        received += Int64(bytes.count)
        checks.update(bytes)
        do throws(S3Failure) {
            try store.objects.keep(bytes, in: content)
        } catch {
            failure = error
        }
    }

    func finish() {
        do throws(S3Failure) {
            if let failure { throw failure }
            let etag = try checks.finish()
            let headers = call.request.headers
            let record = ObjectRecord(
                sizeBytes: received, etag: etag,
                contentType: headers.first("Content-Type") ?? "binary/octet-stream",
                headers: Self.kept(Array(headers)),
                lastModified: store.configuration.now().unixSeconds, content: content)
            store.objects.put(record, at: call.address.key)
            call.answer(
                HTTPResponse(
                    status: 200,
                    headers: [("ETag", etag), ("x-amz-server-side-encryption", "AES256")]))
        } catch {
            store.objects.forget(content)
            call.fail(error)
        }
    }

    func abort() { store.objects.forget(content) }

    /// The fields that come back with the object.
    static func kept(
        _ fields: [(name: String, value: String)]
    ) -> [(name: String, value: String)] {
        let system = [
            "cache-control", "content-disposition", "content-encoding", "content-language",
            "expires",
        ]
        return fields.filter {
            let name = $0.name.lowercased()
            return name.hasPrefix("x-amz-meta-") || system.contains(name)
        }
    }
}
