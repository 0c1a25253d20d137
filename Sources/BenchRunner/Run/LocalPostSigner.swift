import Presign
import Scenarios
import Transfer

/// Signs forms in this process. The policy allows one key, one type and the file's own size.
final class LocalPostSigner: PostSigning {
    /// The signer of one type and size.
    private final class Prepared {
        var signer: PostFormSigner

        init(_ signer: consuming PostFormSigner) { self.signer = signer }
    }

    private struct Kind: Hashable {
        let contentType: String
        let sizeBytes: Int64
    }

    private var identity: SigningIdentity
    private let target: RequestTarget
    private let expiresSeconds: Int
    private let keys: LocalKeys
    private var prepared: [Kind: Prepared] = [:]
    /// A folder of files may have as many sizes as files.
    private static let preparedLimit = 64

    init(
        _ endpoint: ScenarioFactory.LocalEndpoint, expiresSeconds: Int, keyPrefix: String
    ) {
        keys = LocalKeys(below: keyPrefix)
        identity = SigningIdentity(endpoint)
        let path = endpoint.presigner.endpoint.pathPrefix
        target = RequestTarget(origin: endpoint.origin, pathAndQuery: path.isEmpty ? "/" : path)
        self.expiresSeconds = expiresSeconds
    }

    func signedForm(for content: UploadContent, unixSeconds: Int64) throws -> SignedForm {
        if identity.renew() { prepared = [:] }
        let kind = Kind(contentType: content.contentType, sizeBytes: content.sizeBytes)
        let form = try prepared(for: kind).signer.sign(
            key: keys.next(content), at: SigningTime(unixSeconds: unixSeconds))
        return SignedForm(target: target, fields: form.fields)
    }

    private func prepared(for kind: Kind) throws -> Prepared {
        if let known = prepared[kind] { return known }
        if prepared.count >= Self.preparedLimit { prepared = [:] }
        let fields = [(name: "Content-Type", value: kind.contentType)]
        let conditions =
            PostFormSigner.exactly(fields) + [.contentLength(kind.sizeBytes...kind.sizeBytes)]
        let made = Prepared(
            try PostFormSigner(
                credentials: identity.presigner.credentials, endpoint: identity.presigner.endpoint,
                fields: fields,
                conditions: conditions, expiresSeconds: expiresSeconds))
        prepared[kind] = made
        return made
    }
}
