import Presign

/// Prepared signers for one address of the bucket: the store's or the accelerate endpoint's.
final class EndpointSigners {
    private let configuration: GatewayConfiguration
    private let endpoint: Endpoint
    private let presigner: URLPresigner
    private var urlSigners: [String: URLSigner] = [:]
    private var formSigners: [String: FormSigner] = [:]

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

    func putURL(
        key: String, contentType: String, _ times: SigningTimes = .usual
    ) throws(SigningError) -> String {
        guard times.isUsual else {
            var signer = try makeURLSigner(contentType, expiresSeconds: times.expiresSeconds)
            return try signer.sign(key: key, at: times.time(configuration.now()))
        }
        return try urlSigner(contentType).signer.sign(key: key, at: configuration.now())
    }

    /// With `KeyPolicy.chosen` the policy fixes only the beginning of the key: the form names it by
    /// `${filename}`, and its sender may name it otherwise.
    func form(
        key: String, contentType: String, sizes: ClosedRange<Int64>, user: String,
        _ times: SigningTimes = .usual
    ) throws(SigningError) -> PresignedForm {
        let key = configuration.keyPolicy == .chosen ? "users/\(user)/${filename}" : key
        guard times.isUsual else {
            var signer = try makeFormSigner(
                contentType, sizes, expiresSeconds: times.expiresSeconds)
            return try signer.sign(key: key, at: times.time(configuration.now()))
        }
        return try formSigner(contentType, sizes).signer.sign(key: key, at: configuration.now())
    }

    /// For the requests of a multipart upload.
    ///
    /// - Parameter headers: what the client must send.
    func url(
        _ method: String, key: String, _ query: [NameValue], headers: [NameValue] = []
    ) throws(SigningError) -> String {
        try presigner.presign(
            method: method, key: key, headers: headers, query: query,
            expiresSeconds: configuration.expiresSeconds, at: configuration.now()
        ).url
    }

    private func urlSigner(_ contentType: String) throws(SigningError) -> URLSigner {
        if let prepared = urlSigners[contentType] { return prepared }
        if urlSigners.count >= Self.preparedLimit { urlSigners = [:] }
        let made = URLSigner(try makeURLSigner(contentType))
        urlSigners[contentType] = made
        return made
    }

    private func formSigner(
        _ contentType: String, _ sizes: ClosedRange<Int64>
    ) throws(SigningError) -> FormSigner {
        let name = "\(sizes) \(contentType)"
        if let prepared = formSigners[name] { return prepared }
        if formSigners.count >= Self.preparedLimit { formSigners = [:] }
        let made = FormSigner(try makeFormSigner(contentType, sizes))
        formSigners[name] = made
        return made
    }

    private func makeURLSigner(
        _ contentType: String, expiresSeconds: Int? = nil
    ) throws(SigningError) -> PresignedURLSigner {
        try PresignedURLSigner(
            presigner, headers: [("content-type", contentType)],
            expiresSeconds: expiresSeconds ?? configuration.expiresSeconds)
    }

    private func makeFormSigner(
        _ contentType: String, _ sizes: ClosedRange<Int64>, expiresSeconds: Int? = nil
    ) throws(SigningError) -> PostFormSigner {
        let fields = [(name: "Content-Type", value: contentType)]
        return try PostFormSigner(
            credentials: configuration.credentials, endpoint: endpoint, fields: fields,
            conditions: PostFormSigner.exactly(fields) + [.contentLength(sizes)],
            expiresSeconds: expiresSeconds ?? configuration.expiresSeconds)
    }
}
