import NetIO
import Presign

extension StoreHandler {
    func startForm(_ call: StoreCall) throws(S3Failure) {
        let bucket = try store.bucket(call.address.bucket ?? "")
        let type = call.header("content-type") ?? ""
        guard type.lowercased().hasPrefix("multipart/form-data") else {
            throw .preconditionFailed(
                "Bucket POST must be of the enclosure-type multipart/form-data")
        }
        guard let boundary = FieldParameters(type.utf8)["boundary"], !boundary.isEmpty,
            boundary.utf8.count <= 200
        else { throw FormParser.malformed }
        guard call.request.contentLength != nil || call.request.isChunked else {
            throw .missingContentLength
        }
        call.exchange.receiveBody(
            into: FormUpload(call, bucket, boundary: Array(boundary.utf8), self))
    }
}

/// `POST /` with a form: the browser's upload, held to its signed policy.
final class FormUpload: BodySink {
    /// A file within this of its limit is counted to the end before it is refused: fields may
    /// follow it, so that its size is not known before.
    private static let slackBytes: Int64 = 64 * 1024

    /// What the file's part begins with: an upload that was allowed.
    private struct Upload {
        let key: ObjectKey
        let fields: FormFields
        let policy: PostPolicy
        let properties: ObjectProperties
        var digests: BodyDigests
        /// nil once the file is larger than the policy allows.
        var writer: (any BytesWriter)?
        var sizeBytes: Int64 = 0
    }

    private let call: StoreCall
    private let bucket: Bucket
    private let handler: StoreHandler
    private var parser: FormParser
    /// What follows a file that ends the form.
    private let closingBytes: Int64
    private var fields: [NameValue] = []
    private var upload: Upload?
    private var isAnswered = false

    init(_ call: StoreCall, _ bucket: Bucket, boundary: [UInt8], _ handler: StoreHandler) {
        self.call = call
        self.bucket = bucket
        self.handler = handler
        parser = FormParser(boundary: boundary)
        closingBytes = Int64(boundary.count) + 8
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        guard !isAnswered else { return }
        do throws(S3Failure) {
            try parser.parse(bytes) { (event) throws(S3Failure) in try take(event) }
        } catch {
            refuse(error)
        }
    }

    func finish() {
        guard !isAnswered else { return }
        do throws(S3Failure) {
            guard parser.isComplete else { throw FormParser.malformed }
            guard let upload else {
                // Without a file, the fields tell what else is missing.
                _ = try authorize(fields, hasFile: false)
                throw .accessDenied
            }
            let answer = try commit(upload)
            isAnswered = true
            call.answer(answer)
        } catch {
            refuse(error)
        }
        upload = nil
    }

    func abort() {
        isAnswered = true
        upload = nil
    }

    private func refuse(_ failure: S3Failure) {
        isAnswered = true
        upload = nil
        call.fail(failure)
    }

    private func take(_ event: FormEvent) throws(S3Failure) {
        switch event {
        case .field(let name, let value): fields.append((name, value))
        case .fileStart(let name, let offset):
            try checkExpansion(of: fields, by: name)
            let replaced = FilenameVariable.replaced(in: fields, by: name)
            let policy = try authorize(replaced, hasFile: true)
            upload = try begin(FormFields(fields: replaced), policy, offset)
        case .fileData(let bytes): try takeFile(bytes)
        case .fileEnd: break
        }
    }

    /// A thousand variables and a name of ten thousand bytes fit the form's limit, but what becomes of
    /// them would be five hundred times as much.
    private func checkExpansion(of fields: [NameValue], by name: String?) throws(S3Failure) {
        guard let name else { return }
        let added = fields.reduce(0) {
            $0 + $1.value.utf8.count(where: { $0 == UInt8(ascii: "$") }) * name.utf8.count
        }
        guard added <= FormParser.fieldsLimitBytes else { throw FormParser.fieldsTooLarge }
    }

    private func authorize(
        _ fields: [NameValue], hasFile: Bool
    ) throws(S3Failure) -> PostPolicy {
        do throws(SignatureFailure) {
            let authorization = try handler.verifier.verifyForm(
                fields: fields, hasFile: hasFile, bucket: bucket.name, now: call.now,
                keys: handler.credentials)
            guard let authorization else { throw .permissionDenied }
            return authorization.policy
        } catch {
            throw S3Failure(error)
        }
    }

    private func begin(
        _ fields: FormFields, _ policy: PostPolicy, _ offset: Int64
    ) throws(S3Failure) -> Upload {
        let key = ObjectKey(fields["key"] ?? "")
        guard !key.bytes.isEmpty else {
            throw .invalidArgument(
                "User key must have a length greater than 0.", name: "key", value: "")
        }
        try key.check()
        let expected = try expectedBytes(policy, offset)
        try handler.checkSupported(fields.fields)
        let claim = try ChecksumClaim(fields: fields.fields, trailers: nil)
        return Upload(
            key: key, fields: fields, policy: policy,
            properties: try ObjectProperties(fields: fields.fields, isForm: true),
            digests: try BodyDigests(
                contentMD5: fields["content-md5"], payloadHex: nil, claim: claim,
                wanted: handler.defaultChecksums(claim)),
            writer: try handler.store.storage.makeWriter(
                bucket: bucket.name, key: key, expectedBytes: expected))
    }

    /// The file's size, were it to end the form; nil when the body's length is not known. One that
    /// is far too large is refused before it is sent.
    private func expectedBytes(
        _ policy: PostPolicy, _ offset: Int64
    ) throws(S3Failure) -> Int64? {
        guard let length = call.request.contentLength else { return nil }
        let expected = max(0, length - offset - closingBytes)
        let limit = min(policy.sizeLimitBytes ?? .max, BodyIntake.limitBytes)
        guard expected - Self.slackBytes <= limit else {
            throw .entityTooLarge(expected, limitBytes: limit)
        }
        return expected
    }

    private func takeFile(_ bytes: UnsafeRawBufferPointer) throws(S3Failure) {
        guard upload != nil else { return }
        let size = (upload?.sizeBytes ?? 0) + Int64(bytes.count)
        upload?.sizeBytes = size
        guard size <= BodyIntake.limitBytes else {
            throw .entityTooLarge(size, limitBytes: BodyIntake.limitBytes)
        }
        // Counted on, since the answer names the size, but not kept.
        if let limit = upload?.policy.sizeLimitBytes, size > limit { upload?.writer = nil }
        guard let writer = upload?.writer else { return }
        upload?.digests.update(bytes)
        try writer.append(bytes)
    }

    private func commit(_ upload: Upload) throws(S3Failure) -> HTTPResponse {
        do throws(SignatureFailure) {
            try upload.policy.check(sizeBytes: upload.sizeBytes)
        } catch {
            throw S3Failure(error)
        }
        guard let writer = upload.writer else { throw .incompleteBody }
        let body = try upload.digests.finish(try writer.finish()) { _ in nil }
        let object = StoredObject(
            content: ObjectContent([body.content]), etag: body.etag, lastModified: call.now,
            properties: upload.properties, checksum: body.objectChecksum)
        bucket.put(object, at: upload.key)
        return success(object, upload)
    }

    /// 204 unless a field asks for 200, 201 or a redirect (S3 API Reference, "POST Object").
    private func success(_ object: StoredObject, _ upload: Upload) -> HTTPResponse {
        let location = call.objectURL(upload.key)
        if let target = upload.fields.redirect {
            let query = [
                ("bucket", Array(bucket.name.utf8)), ("key", upload.key.bytes),
                ("etag", Array(object.etag.utf8)),
            ].map { name, value in
                let text = String(decoding: PercentEncoding.encode(value), as: UTF8.self)
                return "\(name)=\(text.replacing("%20", with: "+"))"
            }
            let separator = target.contains("?") ? "&" : "?"
            return HTTPResponse(
                status: 303,
                headers: object.writeHeaders + [
                    ("Location", target + separator + query.joined(separator: "&"))
                ])
        }
        let headers = object.writeHeaders + [("Location", location)]
        switch upload.fields["success_action_status"] {
        case "200": return HTTPResponse(status: 200, headers: headers)
        case "201":
            var xml = XMLWriter()
            xml.element("PostResponse") { xml in
                xml.text("Location", location)
                xml.text("Bucket", bucket.name)
                xml.text("Key", upload.key.bytes)
                xml.text("ETag", object.etag)
            }
            return HTTPResponse(
                status: 201, headers: headers + [("Content-Type", "application/xml")],
                body: .bytes(xml.bytes))
        default: return HTTPResponse(status: 204, headers: headers)
        }
    }
}
