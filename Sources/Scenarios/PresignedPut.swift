import Measure
package import Transfer

/// `presigned-put`: `GET /signed-url`, `PUT` to the signed URL, `POST /reviews`. With a local
/// signer it is the PUT alone.
package final class PresignedPut: Scenario {
    private let permissions: PutPermissions
    private let isAccelerated: Bool
    private var content: UploadContent?
    private var key = ""
    private var phase = Phase.authorize

    /// - Parameter isAccelerated: asks the API for a URL of the acceleration endpoint; a local signer
    ///   signs for the endpoint that it was made with.
    package init(_ permissions: PutPermissions, isAccelerated: Bool = false) {
        self.permissions = permissions
        self.isAccelerated = isAccelerated
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
                        "/signed-url", for: content, isAccelerated: isAccelerated)))
        case .local(let signer):
            guard let request = try? signer.signedPut(for: content, unixSeconds: unixSeconds)
            else { return .finished(.notSigned) }
            return put(request)
        }
    }

    package func received(_ answer: Answer, tag: Int, unixSeconds: Int64) -> Step {
        switch (phase, permissions) {
        case (.authorize, .gateway(let api)):
            guard let content, let permission = api.permission(in: answer),
                let target = RequestTarget(url: permission.data.url)
            else { return .finished(.failed(answer)) }
            key = permission.id
            return put(target.put(content))
        case (.upload, .gateway(let api)):
            guard answer.status == 200 else { return .finished(.failed(answer)) }
            phase = .notify
            return .send(ScenarioRequest(phase: .notify, request: api.reviewRequest(key: key)))
        case (.upload, .local):
            guard answer.status == 200 else { return .finished(.failed(answer)) }
            return .finished(UploadEnd(.success, httpStatus: answer.status))
        default:
            return .finished(.reviewed(answer, sizeBytes: content?.sizeBytes ?? 0))
        }
    }

    package var writtenKey: WrittenKey? { key.isEmpty ? nil : .key(key) }

    private func put(_ request: Request) -> Step {
        phase = .upload
        return .send(ScenarioRequest(phase: .upload, request: request))
    }
}

/// Who gives the permission to PUT.
package enum PutPermissions {
    case gateway(GatewayAPI)
    case local(any PutSigning)
}

/// Where one request goes: an absolute URL taken apart, its path and query as they stand.
package struct RequestTarget {
    package let origin: Origin
    package let pathAndQuery: String

    package init(origin: Origin, pathAndQuery: String) {
        self.origin = origin
        self.pathAndQuery = pathAndQuery
    }

    /// nil for anything but an http(s) URL with a clean path and query.
    package init?(url: String) {
        guard let schemeEnd = url.firstRange(of: "://")?.upperBound else { return nil }
        let pathStart = url[schemeEnd...].firstIndex { "/?#".contains($0) } ?? url.endIndex
        guard let origin = Origin(url: String(url[..<pathStart])) else { return nil }
        let rest = url[pathStart...].prefix { $0 != "#" }
        // A space or a control character would end the request line early.
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
        self.origin = origin
        pathAndQuery = rest.hasPrefix("/") ? String(rest) : "/" + rest
    }
}

extension RequestTarget {
    /// A PUT of the whole file.
    func put(_ content: UploadContent) -> Request {
        let target = Array(pathAndQuery.utf8)
        return PutHead(content, at: origin).request(targetBytesLimit: target.count) { place in
            place.copyBytes(from: target)
            return target.count
        }
    }
}
