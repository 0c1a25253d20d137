import NetIO
import Presign

/// Permissions for new keys of a token's user: `GET /signed-url`, `GET /signed-post` and what the edge
/// redirects to.
///
/// Parameters of both: `contentType` (signed, so the upload must carry it; default
/// application/octet-stream), `filename` (its extension goes into the key), `accelerate`. Of the form
/// also `minBytes` and `maxBytes`. To show what wrong times do: `expires` and `clockOffset`.
final class Permissions {
    private let configuration: GatewayConfiguration
    private let naming: UploadNaming
    private let direct: EndpointSigners
    private let accelerated: EndpointSigners?
    /// Of a gateway on all addresses: by the name that the client used.
    private var byHost: [String: EndpointSigners] = [:]
    private static let hostLimit = 16
    /// What one PUT or POST may carry at S3 (S3 User Guide, "Uploading objects").
    private static let objectLimitBytes: Int64 = 5_368_709_120

    init(_ configuration: GatewayConfiguration) throws {
        self.configuration = configuration
        naming = UploadNaming(policy: configuration.keyPolicy)
        direct = EndpointSigners(
            configuration, try Self.endpoint(configuration, host: configuration.store.localName))
        accelerated = try Self.acceleratedEndpoint(configuration).map {
            EndpointSigners(configuration, $0)
        }
    }

    func signedURL(_ request: HTTPRequest, user: String) -> HTTPResponse {
        let query = FormQuery(request.rawQuery)
        guard let type = UploadNaming.contentType(query["contentType"]),
            let signers = signers(for: request, isAccelerated: query["accelerate"] == "true")
        else { return Self.invalidParameter }
        guard let times = SigningTimes(query, configuration) else { return Self.invalidParameter }
        let key = naming.key(user: user, fileName: query["filename"] ?? "")
        do throws(SigningError) {
            let url = try signers.putURL(key: key, contentType: type, times)
            return GatewayAnswer.json(
                200, [("id", .string(key)), ("data", .object([("url", .string(url))]))])
        } catch {
            return GatewayAnswer.error(400, "\(error)")
        }
    }

    func signedPost(_ request: HTTPRequest, user: String) -> HTTPResponse {
        let query = FormQuery(request.rawQuery)
        let limit = query["maxBytes"].map { Int64($0) ?? -1 } ?? Self.objectLimitBytes
        let least = query["minBytes"].map { Int64($0) ?? -1 } ?? 0
        guard let type = UploadNaming.contentType(query["contentType"]),
            0 <= least, least <= limit, limit <= Self.objectLimitBytes,
            let signers = signers(for: request, isAccelerated: query["accelerate"] == "true")
        else { return Self.invalidParameter }
        guard let times = SigningTimes(query, configuration) else { return Self.invalidParameter }
        let key = naming.key(user: user, fileName: query["filename"] ?? "")
        do throws(SigningError) {
            let form = try signers.form(
                key: key, contentType: type, sizes: least...limit, user: user, times)
            let fields = form.fields.map { ($0.name, JSONValue.string($0.value)) }
            let data = [("url", JSONValue.string(form.url)), ("fields", .object(fields))]
            return GatewayAnswer.json(200, [("id", .string(key)), ("data", .object(data))])
        } catch {
            return GatewayAnswer.error(400, "\(error)")
        }
    }

    /// Where the edge sends a PUT; nil for a name or type that cannot be signed.
    func putURL(
        contentType: String, fileName: String, user: String, _ request: HTTPRequest
    ) -> String? {
        guard let type = UploadNaming.contentType(contentType),
            let signers = signers(for: request, isAccelerated: false)
        else { return nil }
        return try? signers.putURL(
            key: naming.key(user: user, fileName: fileName), contentType: type)
    }

    /// nil when there is no acceleration here.
    func signers(for request: HTTPRequest, isAccelerated: Bool) -> EndpointSigners? {
        isAccelerated ? accelerated : direct(for: request)
    }

    static var invalidParameter: HTTPResponse {
        GatewayAnswer.error(400, "Invalid request parameters")
    }

    /// A role on all addresses has no name of its own: the client gets URLs with the one it used.
    private func direct(for request: HTTPRequest) -> EndpointSigners {
        guard configuration.remote == nil, configuration.store.isWildcard,
            let authority = request.headers.first("Host")
        else { return direct }
        if let known = byHost[authority] { return known }
        let end = authority.lastIndex(of: ":") ?? authority.endIndex
        let host = authority.hasSuffix("]") ? authority : String(authority[..<end])
        guard let endpoint = try? Self.endpoint(configuration, host: host) else { return direct }
        if byHost.count >= Self.hostLimit { byHost = [:] }
        let made = EndpointSigners(configuration, endpoint)
        byHost[authority] = made
        return made
    }

    static func endpoint(
        _ configuration: GatewayConfiguration, host: String
    ) throws(EndpointError) -> Endpoint {
        if let remote = configuration.remote { return remote.endpoint }
        return try Endpoint(
            style: .customPath, region: configuration.region, bucket: configuration.bucket,
            url: "\(configuration.scheme)://\(host):\(configuration.store.port)")
    }

    private static func acceleratedEndpoint(
        _ configuration: GatewayConfiguration
    ) throws(EndpointError) -> Endpoint? {
        if let accelerated = configuration.remote?.accelerated { return accelerated }
        guard let port = configuration.acceleratePort else { return nil }
        return try Endpoint(
            style: .customVirtualHosted, region: configuration.region,
            bucket: configuration.bucket, url: "\(configuration.scheme)://localhost:\(port)")
    }
}
