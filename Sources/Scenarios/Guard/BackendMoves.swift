import Foundation
import NetIO
import Presign
import Transfer

extension GuardMove {
    /// `GET /signed-url`.
    static func signedURL(_ api: GatewayAPI, isAccelerated: Bool) -> GuardMove {
        GuardMove(.api, isReadByPage: true) { _ in
            api.guardPermissionRequest("/signed-url", isAccelerated: isAccelerated)
        } read: { answer, state in
            guard let permission = api.permission(in: answer),
                let target = RequestTarget(url: permission.data.url)
            else { return .refused }
            (state.key, state.target) = (permission.id, target)
            return .accepted
        }
    }

    /// `GET /signed-post` with the sizes that the form is to allow.
    static func signedPost(
        _ api: GatewayAPI, isAccelerated: Bool, bytes: ClosedRange<Int64>
    ) -> GuardMove {
        GuardMove(.api, isReadByPage: true) { _ in
            api.guardPermissionRequest(
                "/signed-post", isAccelerated: isAccelerated,
                more: "&minBytes=\(bytes.lowerBound)&maxBytes=\(bytes.upperBound)")
        } read: { answer, state in
            guard let permission = api.permission(in: answer),
                let fields = permission.data.fields,
                let target = RequestTarget(url: permission.data.url)
            else { return .refused }
            (state.key, state.target) = (permission.id, target)
            state.fields = fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
            return .accepted
        }
    }

    /// `POST /signed-multipart`.
    static func signedParts(
        _ api: GatewayAPI, isAccelerated: Bool, fileBytes: Int64, partBytes: Int64
    ) -> GuardMove {
        GuardMove(.api, isReadByPage: true) { _ in
            let json = """
                {"filename":"guard.png","contentType":"\(GuardFiles.contentType)","size":\(fileBytes),\
                "partBytes":\(partBytes)\(isAccelerated ? #","accelerate":true"# : "")}
                """
            return api.post("/signed-multipart", [.bytes(Array(json.utf8))])
        } read: { answer, state in
            guard let targets = MultipartTargets(answer), let key = targets.key else {
                return .refused
            }
            (state.key, state.parts, state.complete) = (key, targets.parts, targets.complete)
            return .accepted
        }
    }

    /// A PUT to the edge, whose redirect is the permission. The body waits, and is not sent.
    static func redirect(_ edge: GatewayAPI, _ file: BodySlice) -> GuardMove {
        GuardMove(.edge, isReadByPage: true) { _ in
            var request = edge.put(
                "/guard.png", [file], contentType: GuardFiles.contentType,
                fields: file.count > 0 ? "Expect: 100-continue\r\n" : "")
            request.expectsContinue = file.count > 0
            return request
        } read: { answer, state in
            guard answer.status == 307, let location = answer.headers.first("Location"),
                let target = RequestTarget(url: location),
                let key = EdgeRedirect.key(in: target, bucket: edge.bucket)
            else { return .refused }
            (state.key, state.target) = (key, target)
            return .accepted
        }
    }

    /// `POST /reviews`: whether the API takes the object that is there.
    static func review(_ api: GatewayAPI) -> GuardMove {
        GuardMove(.api, accepting: [201]) { state in
            api.reviewRequest(key: state.wantedKey ?? state.key)
        }
    }
}

extension GatewayAPI {
    func guardPermissionRequest(
        _ path: String, isAccelerated: Bool, more: String = ""
    ) -> Request {
        let query =
            "contentType=\(Self.escaped(GuardFiles.contentType))&filename=guard.png"
            + (isAccelerated ? "&accelerate=true" : "") + more
        return get("\(path)?\(query)")
    }
}
