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

    func putURL(key: String, contentType: String) throws(SigningError) -> String {
        try urlSigner(contentType).signer.sign(key: key, at: configuration.now())
    }

    /// With `KeyPolicy.chosen` the policy fixes only the beginning of the key: the form names it by
    /// `${filename}`, and its sender may name it otherwise.
    func form(
        key: String, contentType: String, sizes: ClosedRange<Int64>, user: String
    ) throws(SigningError) -> PresignedForm {
        let isChosen = configuration.keyPolicy == .chosen
        return try formSigner(contentType, sizes).signer.sign(
            key: isChosen ? "users/\(user)/${filename}" : key, at: configuration.now())
    }

    /// For the requests of a multipart upload.
    func url(
        _ method: String, key: String, _ query: [NameValue]
    ) throws(SigningError) -> String {
        try presigner.presign(
            method: method, key: key, query: query,
            expiresSeconds: configuration.expiresSeconds, at: configuration.now()
        ).url
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
        _ contentType: String, _ sizes: ClosedRange<Int64>
    ) throws(SigningError) -> FormSigner {
        let name = "\(sizes) \(contentType)"
        if let prepared = formSigners[name] { return prepared }
        if formSigners.count >= Self.preparedLimit { formSigners = [:] }
        let fields = [(name: "Content-Type", value: contentType)]
        let made = FormSigner(
            try PostFormSigner(
                credentials: configuration.credentials, endpoint: endpoint, fields: fields,
                conditions: PostFormSigner.exactly(fields) + [.contentLength(sizes)],
                expiresSeconds: configuration.expiresSeconds))
        formSigners[name] = made
        return made
    }
}
