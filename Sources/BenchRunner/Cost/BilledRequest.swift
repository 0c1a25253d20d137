import Measure
import NetIO
import Scenarios
import Transfer

/// One request of an upload, as far as a bill depends on it.
struct BilledRequest: Sendable, Equatable {
    enum Role: String, Sendable {
        case api, edge, store, accelerate
    }

    let role: Role
    let method: String
    /// The route without its query: `/signed-url`, `/uploads/{key}`, `part`.
    let route: String
    /// Carries the file, or one part of it.
    let carriesFile: Bool
    /// Once per part and not once per upload; so are the parts' preflights.
    let isPerPart: Bool
    /// Of the body, what is not the file.
    let bodyOverheadBytes: Int64
    /// The file goes as Base64.
    let isBase64: Bool

    var isPreflight: Bool { method == "OPTIONS" }
    var name: String { "\(method) \(route)" }

    /// The body of an upload of so many bytes; of parts it is not asked for.
    func bodyBytes(fileBytes: Int64) -> Int64 {
        guard carriesFile else { return bodyOverheadBytes }
        return bodyOverheadBytes + (isBase64 ? (fileBytes + 2) / 3 * 4 : fileBytes)
    }
}

/// Which function of the API a call starts; the raw value names it in `--lambda-duration`.
enum APIFunction: String, CaseIterable, Sendable {
    /// Signs a URL or a form; asks nobody.
    case sign
    /// Begins a multipart upload at S3 and signs its parts.
    case multipart
    /// Looks at the first bytes of the object.
    case review
    /// Takes the whole file, stores it and reviews it.
    case image
}

extension BilledRequest {
    /// nil for what the API answers without a function: preflights and its own integration with S3.
    var function: APIFunction? {
        guard role == .api, !isPreflight else { return nil }
        switch route {
        case "/signed-url", "/signed-post": return .sign
        case "/signed-multipart": return .multipart
        case "/reviews": return .review
        case "/images": return .image
        default: return nil
        }
    }

    /// HTTP APIs have no integration with S3 (API Gateway Developer Guide, "Create AWS service
    /// integrations for HTTP APIs"), so this call needs a REST API.
    var needsREST: Bool { role == .api && route.hasPrefix("/uploads/") }
}

/// Walks a strategy through answers as the services give them, with no network: which requests one
/// upload makes follows from the strategy itself.
struct RequestWalk {
    let strategy: Strategy
    let client: ClientPlan.Kind
    let signer: RunPlan.Signer

    static let fileBytes = 1
    private static let bucket = "b"
    private static let apiHost = "api.test"
    private static let edgeHost = "edge.test"
    private static let storeHost = "b.store.test"
    private static let accelerateHost = "b.accelerate.test"
    private static let object = "/users/u/k"

    /// The requests in their order, of a file of one part. A browser is one that comes for the first
    /// time: nothing of what it may send is remembered.
    func requests() -> [BilledRequest] {
        var scenario = plainScenario
        if client.isBrowser { scenario = BrowserClient(wrapping: scenario) }
        let content = UploadContent(
            payload: Payload([0xFF]), contentType: "image/jpeg", fileName: "upload.jpg")
        var requests: [BilledRequest] = []
        var waiting = Self.requests(scenario.begin(content, unixSeconds: 0))
        // An upload is a handful of requests; a strategy that never ends is a mistake.
        while !waiting.isEmpty, requests.count < 100 {
            let next = waiting.removeFirst()
            let seen = SeenRequest(next)
            requests.append(billed(seen, next))
            let step = scenario.received(answer(seen), tag: next.tag, unixSeconds: 0)
            if case .finished(let end) = step {
                precondition(end.outcome == .success, "\(strategy) refuses the walk's answers")
                return requests
            }
            waiting += Self.requests(step)
        }
        preconditionFailure("\(strategy) does not end")
    }

    private var plainScenario: any Scenario {
        let isAccelerated = strategy.isAccelerated
        guard signer == .gateway else {
            let signer = WalkSigner(host: isAccelerated ? Self.accelerateHost : Self.storeHost)
            switch strategy {
            case .presignedPost, .acceleratedPost:
                return PresignedPost(.local(signer), boundary: "boundary")
            case .presignedMultipart, .acceleratedMultipart:
                return PresignedMultipart(
                    .local(signer), partBytes: PartPlan.smallestPartBytes, window: 1)
            default: return PresignedPut(.local(signer))
            }
        }
        let api = Self.api(Self.apiHost)
        switch strategy {
        case .proxyJSON: return ProxyJSON(api)
        case .proxyBinary: return ProxyBinary(api)
        case .edgeRedirect:
            return EdgeRedirect(edge: Self.api(Self.edgeHost), api: api, expectsContinue: false)
        case .presignedPut, .acceleratedPut:
            return PresignedPut(.gateway(api), isAccelerated: isAccelerated)
        case .presignedPost, .acceleratedPost:
            return PresignedPost(
                .gateway(api), boundary: "boundary", isAccelerated: isAccelerated)
        case .presignedMultipart, .acceleratedMultipart:
            return PresignedMultipart(
                .gateway(api), partBytes: PartPlan.smallestPartBytes, window: 1,
                isAccelerated: isAccelerated)
        }
    }

    private static func api(_ host: String) -> GatewayAPI {
        GatewayAPI(
            origin: Origin(scheme: .https, host: host), pathPrefix: "", bucket: bucket, token: "t")
    }

    private static func requests(_ step: Step) -> [ScenarioRequest] {
        switch step {
        case .send(let one): [one]
        case .sendAll(let all): all
        case .wait, .finished: []
        }
    }

    private func billed(_ seen: SeenRequest, _ next: ScenarioRequest) -> BilledRequest {
        let isPart = strategy.isMultipart && seen.path.contains("/part")
        let isBase64 = seen.path == "/images"
        let file = next.carriesFile || (seen.role == .edge && seen.method == "PUT")
        let inBody = !file ? 0 : isBase64 ? 4 : Self.fileBytes
        return BilledRequest(
            role: seen.role, method: seen.method, route: seen.route, carriesFile: file,
            isPerPart: isPart, bodyOverheadBytes: Int64(next.request.bodyCount - inBody),
            isBase64: isBase64)
    }

    /// The role, method and path of a request, by the host that it goes to.
    private struct SeenRequest {
        let role: BilledRequest.Role
        let method: String
        let path: String

        init(_ next: ScenarioRequest) {
            let line = String(decoding: next.request.head, as: UTF8.self).prefix { $0 != "\r\n" }
            let words = line.split(separator: " ")
            method = String(words[0])
            path = String(words[1].prefix { $0 != "?" })
            switch next.request.origin.host {
            case RequestWalk.apiHost: role = .api
            case RequestWalk.edgeHost: role = .edge
            case RequestWalk.accelerateHost: role = .accelerate
            default: role = .store
            }
        }

        var route: String {
            switch role {
            case .api: path.hasPrefix("/uploads/") ? "/uploads/{key}" : path
            case .edge: "to the edge"
            case .store, .accelerate:
                path == "/"
                    ? "form"
                    : path.hasPrefix("/part")
                        ? "part"
                        : path.isS3Step
                            ? String(path.dropFirst()) : "object"
            }
        }
    }

    /// What the service answers when all is well.
    private func answer(_ seen: SeenRequest) -> Answer {
        let base =
            "https://" + (strategy.isAccelerated ? Self.accelerateHost : Self.storeHost)
        var fields: [(name: String, value: String)] = [
            ("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", "ETag"),
            ("ETag", "\"e\""),
        ]
        guard seen.method != "OPTIONS" else {
            fields.append(("Access-Control-Allow-Methods", "*"))
            fields.append(("Access-Control-Allow-Headers", "authorization, content-type, *"))
            return Answer(status: 200, headers: HeaderFields(fields))
        }
        let (status, body): (Int, String) =
            switch (seen.role, seen.path) {
            case (.api, "/signed-url"):
                (200, #"{"id":"k","data":{"url":"\#(base)\#(Self.object)"}}"#)
            case (.api, "/signed-post"):
                (200, #"{"id":"k","data":{"url":"\#(base)/","fields":{"key":"k"}}}"#)
            case (.api, "/signed-multipart"):
                (
                    200,
                    """
                    {"id":"k","data":{"parts":["\(base)/part"],"complete":"\(base)/complete",\
                    "abort":"\(base)/abort"}}
                    """
                )
            case (.api, "/images"), (.api, "/reviews"): (201, "{}")
            case (.api, _): (200, #"{"id":"k"}"#)
            case (.edge, _): (307, "")
            case (_, "/create"): (200, "<UploadId>u</UploadId>")
            case (_, "/complete"): (200, "<ETag>e</ETag>")
            case (_, "/"): (204, "")
            default: (200, "")
            }
        if status == 307 { fields.append(("Location", "\(base)\(Self.object)")) }
        return Answer(status: status, headers: HeaderFields(fields), body: Array(body.utf8))
    }
}

extension String {
    fileprivate var isS3Step: Bool { ["/create", "/complete", "/abort"].contains(self) }
}

/// Names places instead of signing.
private final class WalkSigner: PutSigning, PostSigning, MultipartSigning {
    private let origin: Origin

    init(host: String) { origin = Origin(scheme: .https, host: host) }

    private func target(_ path: String) -> RequestTarget {
        RequestTarget(origin: origin, pathAndQuery: path)
    }

    func signedPut(for content: UploadContent, unixSeconds: Int64) -> Request {
        let head = """
            PUT /users/u/k HTTP/1.1\r\nHost: \(origin.authority)\r\n\
            Content-Type: \(content.contentType)\r\nContent-Length: \(content.sizeBytes)\r\n\r\n
            """
        return Request(origin: origin, head: Array(head.utf8), body: content.body)
    }

    func signedForm(for content: UploadContent, unixSeconds: Int64) -> SignedForm {
        SignedForm(target: target("/"), fields: [("key", "k")])
    }

    func create(for content: UploadContent, unixSeconds: Int64) -> RequestTarget {
        target("/create")
    }

    func part(_ number: Int, of uploadID: String, unixSeconds: Int64) -> RequestTarget {
        target("/part")
    }

    func complete(_ uploadID: String, unixSeconds: Int64) -> RequestTarget { target("/complete") }
    func abort(_ uploadID: String, unixSeconds: Int64) -> RequestTarget { target("/abort") }
}
