import Measure
import NetIO
import Presign
package import Transfer

/// `edge-redirect`: `PUT` to the edge, which checks the token and answers 307 to a presigned URL;
/// the same `PUT` there; then `POST /reviews`.
package final class EdgeRedirect: Scenario {
    private enum Stage { case edge, store, review }

    private let edge: GatewayAPI
    private let api: GatewayAPI
    private let expectsContinue: Bool
    private var content: UploadContent?
    private var key = ""
    private var stage = Stage.edge

    /// - Parameters:
    ///   - edge: where the edge is; it takes the API's token.
    ///   - expectsContinue: the body waits for `100 Continue`, which a redirect comes instead of; the
    ///     body is then sent once only.
    package init(edge: GatewayAPI, api: GatewayAPI, expectsContinue: Bool) {
        self.edge = edge
        self.api = api
        self.expectsContinue = expectsContinue
    }

    package func begin(_ content: UploadContent, unixSeconds: Int64) -> Step {
        self.content = content
        stage = .edge
        key = ""
        let expect = expectsContinue && content.sizeBytes > 0
        var request = edge.put(
            "/" + GatewayAPI.escaped(content.fileName), content,
            fields: expect ? "Expect: 100-continue\r\n" : "")
        request.expectsContinue = expect
        return .send(ScenarioRequest(phase: .authorize, request: request))
    }

    package func received(_ answer: Answer, tag: Int, unixSeconds: Int64) -> Step {
        switch stage {
        case .edge: return follow(answer)
        case .store:
            guard answer.status == 200 else { return .finished(.failed(answer)) }
            stage = .review
            return .send(ScenarioRequest(phase: .notify, request: api.reviewRequest(key: key)))
        case .review:
            return .finished(.reviewed(answer, sizeBytes: content?.sizeBytes ?? 0))
        }
    }

    package var writtenKey: WrittenKey? { key.isEmpty ? nil : .key(key) }

    /// 307 keeps method and body (RFC 9110 §15.4.8).
    private func follow(_ answer: Answer) -> Step {
        guard answer.status == 307, let content, let location = answer.headers.first("Location"),
            let target = RequestTarget(url: location), !givesUpTLS(target),
            let key = Self.key(in: target, bucket: api.bucket)
        else { return .finished(.failed(answer)) }
        self.key = key
        stage = .store
        var next = ScenarioRequest(phase: .upload, request: target.put(content))
        next.redirectedFrom = edge.origin
        return .send(next)
    }

    /// A browser calls it mixed content; a file that was to go encrypted goes nowhere else.
    private func givesUpTLS(_ target: RequestTarget) -> Bool {
        edge.origin.scheme == .https && target.origin.scheme == .http
    }

    /// What a browser knows of the key: the path of the URL that it was sent to.
    static func key(in target: RequestTarget, bucket: String) -> String? {
        var path = target.pathAndQuery.prefix { $0 != "?" }.dropFirst()
        let isVirtualHosted = target.origin.host.hasPrefix(bucket + ".")
        if !isVirtualHosted, path.hasPrefix(bucket + "/") {
            path = path.dropFirst(bucket.count + 1)
        }
        guard !path.isEmpty else { return nil }
        return String(decoding: PercentEncoding.decode(path.utf8), as: UTF8.self)
    }
}
