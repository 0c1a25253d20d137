import Presign

/// `GET /signed-url` and `GET /signed-post`: a permission for one new key of the token's user.
///
/// Parameters of both: `contentType` (signed, so the upload must carry it; default
/// application/octet-stream), `filename` (its extension goes into the key). Of the form also
/// `maxBytes`.
final class Permissions {
    private let configuration: GatewayConfiguration
    private let endpoint: Endpoint
    private let presigner: URLPresigner
    private let random = RandomSource()
    private var urlSigners: [String: URLSigner] = [:]
    private var formSigners: [String: FormSigner] = [:]

    /// What one PUT or POST may carry at S3 (S3 User Guide, "Uploading objects").
    private static let objectLimitBytes: Int64 = 5_368_709_120
    /// Clients choose content types: beyond this many the prepared signers are made anew.
    private static let preparedLimit = 64

    private final class URLSigner {
        var signer: PresignedURLSigner
        init(_ signer: consuming PresignedURLSigner) { self.signer = signer }
    }

    private final class FormSigner {
        var signer: PostFormSigner
        init(_ signer: consuming PostFormSigner) { self.signer = signer }
    }

    init(_ configuration: GatewayConfiguration, _ endpoint: Endpoint) {
        self.configuration = configuration
        self.endpoint = endpoint
        presigner = URLPresigner(credentials: configuration.credentials, endpoint: endpoint)
    }

    func signedURL(_ query: FormQuery, user: String) -> HTTPResponse {
        guard let contentType = contentType(query), let key = newKey(query, user: user) else {
            return Self.invalidParameter
        }
        do throws(SigningError) {
            let url = try urlSigner(contentType).signer.sign(key: key, at: configuration.now())
            return GatewayAnswer.json(
                200, [("id", .string(key)), ("data", .object([("url", .string(url))]))])
        } catch {
            return GatewayAnswer.error(400, "\(error)")
        }
    }

    func signedPost(_ query: FormQuery, user: String) -> HTTPResponse {
        let limit = query["maxBytes"].map { Int64($0) ?? -1 } ?? Self.objectLimitBytes
        guard let contentType = contentType(query), let key = newKey(query, user: user),
            (0...Self.objectLimitBytes).contains(limit)
        else { return Self.invalidParameter }
        do throws(SigningError) {
            let form = try formSigner(contentType, limit).signer.sign(
                key: key, at: configuration.now())
            let fields = form.fields.map { ($0.name, JSONValue.string($0.value)) }
            let data = [("url", JSONValue.string(form.url)), ("fields", .object(fields))]
            return GatewayAnswer.json(200, [("id", .string(key)), ("data", .object(data))])
        } catch {
            return GatewayAnswer.error(400, "\(error)")
        }
    }

    private static var invalidParameter: HTTPResponse {
        GatewayAnswer.error(400, "Invalid request parameters")
    }

    private func urlSigner(_ contentType: String) throws(SigningError) -> URLSigner {
        if let prepared = urlSigners[contentType] { return prepared }
        if urlSigners.count >= Self.preparedLimit { urlSigners = [:] }
        let made = URLSigner(
            try PresignedURLSigner(
                presigner, headers: [("content-type", contentType)],
                expiresSeconds: configuration.expiresSeconds))
        urlSigners[contentType] = made
        return made
    }

    private func formSigner(
        _ contentType: String, _ limit: Int64
    ) throws(SigningError) -> FormSigner {
        let name = "\(limit) \(contentType)"
        if let prepared = formSigners[name] { return prepared }
        if formSigners.count >= Self.preparedLimit { formSigners = [:] }
        let fields = [(name: "Content-Type", value: contentType)]
        let made = FormSigner(
            try PostFormSigner(
                credentials: configuration.credentials, endpoint: endpoint, fields: fields,
                conditions: PostFormSigner.exactly(fields) + [.contentLength(0...limit)],
                expiresSeconds: configuration.expiresSeconds))
        formSigners[name] = made
        return made
    }

    /// `type/subtype` with parameters, of printable characters; nil for anything else.
    private func contentType(_ query: FormQuery) -> String? {
        guard let type = query["contentType"], !type.isEmpty else {
            return "application/octet-stream"
        }
        let isClean = type.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        return isClean && type.contains("/") && type.utf8.count <= 200 ? type : nil
    }

    /// `users/<user>/<uuid><extension>`: the user comes from the token, and of the file's name
    /// only a short plain extension is taken.
    private func newKey(_ query: FormQuery, user: String) -> String? {
        let name = query["filename"] ?? ""
        var suffix = ""
        if let dot = name.lastIndex(of: "."), dot > name.startIndex {
            suffix = name[dot...].lowercased()
            let isPlain = suffix.dropFirst().utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0)
            }
            if !isPlain || !(2...12).contains(suffix.utf8.count) { suffix = "" }
        }
        return "users/\(user)/\(random.uuid())\(suffix)"
    }
}
