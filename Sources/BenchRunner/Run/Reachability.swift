import Foundation
import NetIO
import Presign
import Scenarios
import Transfer

/// A request or two before the load: a target that is not there, or does not know who asks, is an
/// error of its own and not a table of failures.
struct Reachability {
    let plan: RunPlan
    let target: RunTarget

    @discardableResult
    func check() throws(CommandError) -> FoundAPI {
        var api = FoundAPI()
        switch plan.signer {
        case .gateway:
            _ = try get(target.storeURL, path: "/", headers: [])
            api.folder = try checkToken()
            if WrittenRecord.isNamedByAPI(plan, target) {
                api.namesRequests =
                    plan.client.kind == .native ? true : try letsPagesNameRequests()
            }
        case .local: try checkCredentials()
        case .nobody: _ = try get(target.storeURL, path: "/", headers: [])
        }
        try checkDetours()
        return api
    }

    /// The edge and the acceleration endpoint, where a strategy goes there.
    private func checkDetours() throws(CommandError) {
        if let url = target.edgeURL, plan.scenarios.contains(.edgeRedirect) {
            _ = try get(url, path: "/", headers: [])
        }
        if let url = target.accelerateURL, plan.scenarios.contains(where: \.isAccelerated) {
            _ = try get(url, path: "/", headers: [])
        }
    }

    /// The API must know the token before thousands of uploads are refused.
    private func checkToken() throws(CommandError) -> String? {
        guard let url = target.gatewayURL else { return nil }
        let headers = target.apiToken.map { [("Authorization", "Bearer \($0)")] } ?? []
        let answer = try get(url, path: "/signed-url", headers: headers)
        guard answer.status != 401, answer.status != 403 else {
            throw CommandError(
                exitCode: .failure,
                message:
                    "the API at \(RunRecord.withoutSecrets(url)) refuses the token (\(answer.status)); set UPLOADBENCH_TOKEN"
            )
        }
        // A permission that is not used stores nothing, and its key shows the user's folder.
        struct Permission: Decodable { let id: String }
        let key = (try? JSONDecoder().decode(Permission.self, from: Data(answer.body)))?.id
        guard answer.status == 200, let key, let slash = key.lastIndex(of: "/") else { return nil }
        return String(key[...slash])
    }

    /// A page may send an `Idempotency-Key` only where the API's CORS rules say so: an API that does not
    /// know it chooses its keys alone, as it did.
    private func letsPagesNameRequests() throws(CommandError) -> Bool {
        guard let url = target.gatewayURL else { return false }
        let field = "idempotency-key"
        let asked = ["authorization", "content-type", field].joined(separator: ",")
        let answer = try get(
            url, path: "/images", method: "OPTIONS",
            headers: [
                ("Origin", BrowserClient.usualPage), ("Access-Control-Request-Method", "POST"),
                ("Access-Control-Request-Headers", asked),
            ])
        let allowed = answer.headers.all("Access-Control-Allow-Headers").flatMap {
            $0.lowercased().split(whereSeparator: { $0 == "," || $0 == " " })
        }
        return (200...299).contains(answer.status)
            && allowed.contains { $0 == field || $0 == "*" }
    }

    /// A key without the right to list is fine for uploads: only what cannot be a matter of
    /// rights ends the run.
    private func checkCredentials() throws(CommandError) {
        guard let accessKey = target.accessKey, let secretKey = target.secretKey,
            let endpoint = try? Endpoint(
                style: .customPath, region: target.region, bucket: target.bucket,
                url: target.storeURL)
        else { return }
        let credentials = Credentials(
            accessKey: accessKey, secretKey: secretKey, sessionToken: target.sessionToken)
        let query: [NameValue] = [("list-type", "2"), ("max-keys", "0")]
        let signed = HeaderSigner(credentials: credentials, region: target.region).sign(
            method: "GET", path: endpoint.pathPrefix, query: query,
            headers: [("Host", endpoint.host)], payload: .empty,
            at: SigningTime(unixSeconds: Int64(Date().timeIntervalSince1970)))
        let answer = try get(
            target.storeURL, path: "/\(target.bucket)?list-type=2&max-keys=0",
            headers: signed.headers)
        let code = ErrorCode.find(in: answer.body)
        let source = "; the credentials are of \(target.credentials?.current.source ?? "nobody")"
        let advice = [
            "InvalidAccessKeyId": "check AWS_ACCESS_KEY_ID" + source,
            "SignatureDoesNotMatch": "check AWS_SECRET_ACCESS_KEY" + source,
            "InvalidToken": "check AWS_SESSION_TOKEN" + source,
            "ExpiredToken": "check AWS_SESSION_TOKEN" + source,
            "NoSuchBucket": "check --bucket",
        ]
        guard let what = advice[code] else { return }
        throw CommandError(
            exitCode: .failure,
            message: "\(target.storeURL) answers \(answer.status) \(code): \(what)")
    }

    private func get(
        _ url: String, path: String, method: String = "GET", headers: [NameValue]
    ) throws(CommandError) -> Answer {
        guard let origin = Origin(url: url) else {
            throw .usage("'\(RunRecord.withoutSecrets(url))' is not an http or https URL")
        }
        let prefix = (URLComponents(string: url)?.percentEncodedPath ?? "").dropLastSlash
        var head = "\(method) \(prefix)\(path) HTTP/1.1\r\nHost: \(origin.authority)\r\n"
        for header in headers { head += "\(header.name): \(header.value)\r\n" }
        head += "Connection: close\r\n\r\n"
        let request = Request(origin: origin, head: Array(head.utf8), body: [])
        switch try OneRequest.send(request, plan.client.engineSettings(target)) {
        case .success(let answer): return answer
        case .failure(let failed):
            let what = failed.failure.message
            let advice =
                what.contains("certificate")
                ? "; name the authority that signed it with --cacert FILE, or check nothing with --insecure"
                : ""
            throw CommandError(
                exitCode: .targetUnavailable,
                message: "\(RunRecord.withoutSecrets(url)) is not available: \(what)\(advice)")
        }
    }
}

extension String {
    /// Without the slash at its end, for a path that more is put behind.
    var dropLastSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}

/// A single request on an engine of its own, for what is not measured.
enum OneRequest {
    private static let timeLimitNs: Int64 = 10_000_000_000
    private static let tickNs: Int64 = 100_000_000

    static func send(
        _ request: Request, _ settings: TransferConfiguration
    ) throws(CommandError) -> Result<Answer, FailedTransfer> {
        var configuration = settings
        configuration.connectTimeoutNs = 5_000_000_000
        // Not --idle-timeout and --request-timeout, which are of what is measured.
        configuration.idleTimeoutNs = timeLimitNs
        configuration.totalTimeoutNs = timeLimitNs
        do {
            let loop = try EventLoop()
            let engine = try TransferEngine(loop: loop, configuration: configuration)
            defer { engine.close() }
            var result: Result<Answer, FailedTransfer>?
            engine.send(request) { result = $0 }
            while result == nil {
                if Interruption.isRequested { engine.cancelAll() }
                let tick = loop.schedule(afterNs: tickNs) {}
                loop.turn()
                loop.cancel(tick)
            }
            if let result { return result }
        } catch {
            throw CommandError(exitCode: .failure, message: "no connection can be tried: \(error)")
        }
        throw CommandError(exitCode: .failure, message: "no connection can be tried")
    }
}
