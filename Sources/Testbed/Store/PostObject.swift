import NetIO
import Presign

/// `POST /` with a form: the browser's upload, held to its signed policy.
final class PostObject: BodySink {
    private let call: StoreCall
    private let store: StoreHandler
    private var parser: FormParser
    private let content = ObjectContent()
    private var checks: BodyChecks
    private var fileBytes: Int64 = 0
    private var fields: [NameValue] = []
    private var policy: PostPolicy?
    private var failure: S3Failure?
    private var hasBegunFile = false

    static func start(_ call: StoreCall, _ store: StoreHandler) throws(S3Failure) {
        let type = call.request.headers.first("Content-Type") ?? ""
        guard type.lowercased().hasPrefix("multipart/form-data") else {
            throw PutObject.preconditionFailed(
                "Bucket POST must be of the enclosure-type multipart/form-data")
        }
        guard let boundary = FormParser.boundary(ofContentType: type) else { throw malformed }
        guard call.request.contentLength != nil else { throw .missingContentLength }
        call.exchange.receiveBody(into: try PostObject(call, boundary, store))
    }

    private init(_ call: StoreCall, _ boundary: String, _ store: StoreHandler) throws(S3Failure) {
        self.call = call
        self.store = store
        parser = FormParser(boundary: boundary)
        checks = try BodyChecks(contentMD5: nil, payloadHex: nil)
    }

    private static let malformed = S3Failure(
        400, "MalformedPOSTRequest",
        "The body of your POST request is not well-formed multipart/form-data.")

    func receive(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil else { return }
        do throws(FormParser.Problem) {
            try parser.take(
                bytes, beginFile: { beginFile($0) }, file: { takeFile($0) })
        } catch {
            failure =
                error == .malformed
                ? Self.malformed
                : S3Failure(
                    400, "MaxPostPreDataLengthExceeded",
                    "Your POST request fields preceeding the upload file was too large.",
                    [("MaxPostPreDataLengthBytes", "\(FormParser.fieldsLimitBytes)")])
        }
        // Nothing more of a refused upload needs to be sent.
        if let failure { refuse(failure) }
    }

    func finish() {
        guard failure == nil else { return }
        do throws(S3Failure) {
            if !hasBegunFile { try authorize(parser) }
            guard parser.isDone, hasBegunFile else { throw Self.malformed }
            try checkSize()
            try store(etag: try checks.finish())
        } catch {
            refuse(error)
        }
    }

    func abort() { store.objects.forget(content) }

    private func beginFile(_ parser: FormParser) {
        hasBegunFile = true
        do throws(S3Failure) {
            try authorize(parser)
        } catch {
            failure = error
        }
    }

    private func authorize(_ parser: FormParser) throws(S3Failure) {
        fields = FilenameVariable.replaced(in: parser.fields, by: parser.fileName)
        do throws(SignatureFailure) {
            let authorization = try store.verifier.verifyForm(
                fields: fields, hasFile: parser.hasFile, bucket: store.configuration.bucket,
                now: store.configuration.now(), keys: store.credentials)
            guard let authorization else { throw .permissionDenied }
            policy = authorization.policy
        } catch {
            throw S3Failure(error)
        }
        guard key.bytes.count <= ObjectKey.limitBytes else { throw .keyTooLong }
    }

    private func takeFile(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil else { return }
        fileBytes += Int64(bytes.count)
        checks.update(bytes)
        do throws(S3Failure) {
            try store.objects.keep(bytes, in: content)
        } catch {
            failure = error
        }
    }

    private func checkSize() throws(S3Failure) {
        do throws(SignatureFailure) {
            try policy?.check(sizeBytes: fileBytes)
        } catch {
            throw S3Failure(error)
        }
    }

    private func refuse(_ failure: S3Failure) {
        self.failure = failure
        store.objects.forget(content)
        call.fail(failure)
    }

    private func field(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name }?.value
    }

    private var key: ObjectKey { ObjectKey(field("key") ?? "") }

    private func store(etag: String) throws(S3Failure) {
        let record = ObjectRecord(
            sizeBytes: fileBytes, etag: etag,
            contentType: field("content-type") ?? "binary/octet-stream",
            headers: PutObject.kept(fields), lastModified: store.configuration.now().unixSeconds,
            content: content)
        store.objects.put(record, at: key)
        call.answer(success(etag))
    }

    /// 204 unless a field asks for 200, 201 or a redirect (S3 API Reference, "POST Object").
    private func success(_ etag: String) -> HTTPResponse {
        let host = call.request.headers.first("Host") ?? ""
        let path =
            call.request.rawPath.hasSuffix("/") ? call.request.rawPath : call.request.rawPath + "/"
        let location = "http://\(host)\(path)\(PercentEncoding.encode(key.text))"
        let headers = [("ETag", etag), ("Location", location)]
        if let target = field("success_action_redirect") ?? field("redirect"),
            target.hasPrefix("http")
        {
            let query = [("bucket", store.configuration.bucket), ("key", key.text), ("etag", etag)]
                .map { "\($0)=\(PercentEncoding.encode($1).replacing("%20", with: "+"))" }
            let separator = target.contains("?") ? "&" : "?"
            return HTTPResponse(
                status: 303,
                headers: [
                    ("ETag", etag), ("Location", target + separator + query.joined(separator: "&")),
                ])
        }
        switch field("success_action_status") {
        case "200": return HTTPResponse(status: 200, headers: headers)
        case "201":
            var xml = XMLWriter()
            xml.element("PostResponse") { xml in
                xml.text("Location", location)
                xml.text("Bucket", store.configuration.bucket)
                xml.text("Key", key.text)
                xml.text("ETag", etag)
            }
            return HTTPResponse(
                status: 201, headers: headers + [("Content-Type", "application/xml")],
                body: .bytes(xml.bytes))
        default: return HTTPResponse(status: 204, headers: headers)
        }
    }
}
