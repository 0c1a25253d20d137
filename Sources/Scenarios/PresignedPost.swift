import Measure
package import Transfer

/// `presigned-post`: `GET /signed-post`, a multipart/form-data `POST` to the bucket, `POST
/// /reviews`. With a local signer it is the form alone.
package final class PresignedPost: Scenario {
    private let permissions: PostPermissions
    private let isAccelerated: Bool
    private let boundary: String
    private var content: UploadContent?
    private var key = ""
    private var phase = Phase.authorize

    /// - Parameter boundary: must not occur in any payload; 128 random bits do not.
    package init(_ permissions: PostPermissions, boundary: String, isAccelerated: Bool = false) {
        self.permissions = permissions
        self.isAccelerated = isAccelerated
        self.boundary = boundary
    }

    package func begin(_ content: UploadContent, unixSeconds: Int64) -> Step {
        self.content = content
        key = ""
        switch permissions {
        case .gateway(let api):
            phase = .authorize
            return .send(
                ScenarioRequest(
                    phase: .authorize,
                    request: api.permissionRequest(
                        "/signed-post", for: content, isAccelerated: isAccelerated)))
        case .local(let signer):
            guard let form = try? signer.signedForm(for: content, unixSeconds: unixSeconds)
            else { return .finished(.notSigned) }
            return post(form.fields, to: form.target, content)
        }
    }

    package func received(_ answer: Answer, tag: Int, unixSeconds: Int64) -> Step {
        switch (phase, permissions) {
        case (.authorize, .gateway(let api)):
            guard let content, let permission = api.permission(in: answer),
                let fields = permission.data.fields,
                let target = RequestTarget(url: permission.data.url)
            else { return .finished(.failed(answer)) }
            key = permission.id
            return post(fields.map { ($0.key, $0.value) }, to: target, content)
        case (.upload, .gateway(let api)):
            guard Self.isStored(answer) else { return .finished(.failed(answer)) }
            phase = .notify
            return .send(ScenarioRequest(phase: .notify, request: api.reviewRequest(key: key)))
        case (.upload, .local):
            guard Self.isStored(answer) else { return .finished(.failed(answer)) }
            return .finished(UploadEnd(.success, httpStatus: answer.status))
        default:
            return .finished(.reviewed(answer, sizeBytes: content?.sizeBytes ?? 0))
        }
    }

    package var writtenKey: WrittenKey? { key.isEmpty ? nil : .key(key) }

    /// 204 unless the form asks for another status (S3 API Reference, "POST Object").
    private static func isStored(_ answer: Answer) -> Bool {
        [200, 201, 204].contains(answer.status)
    }

    private func post(
        _ fields: [(name: String, value: String)], to target: RequestTarget,
        _ content: UploadContent
    ) -> Step {
        phase = .upload
        let form = MultipartForm(
            fields: fields, fileName: content.fileName, contentType: content.contentType,
            boundary: boundary)
        let length = form.beforeFile.count + Int(content.sizeBytes) + form.afterFile.count
        let head = """
            POST \(target.pathAndQuery) HTTP/1.1\r\nHost: \(target.origin.authority)\r\n\
            Content-Type: multipart/form-data; boundary=\(boundary)\r\n\
            Content-Length: \(length)\r\n\r\n
            """
        var body: [BodySlice] = []
        body.reserveCapacity(content.body.count + 2)
        body.append(BodySlice(bytes: form.beforeFile))
        body += content.body
        body.append(BodySlice(bytes: form.afterFile))
        let request = Request(origin: target.origin, head: Array(head.utf8), body: body)
        return .send(ScenarioRequest(phase: .upload, request: request))
    }
}

/// Who gives the permission to POST.
package enum PostPermissions {
    case gateway(GatewayAPI)
    case local(any PostSigning)
}
