import Presign
import Scenarios
import Transfer

/// Signs PUTs with prepared per-second state; one per lane, for it is not shared.
final class LocalPutSigner: PutSigning {
    /// The signer of one content type: the type is signed, as the API does it.
    private final class Prepared {
        var signer: PresignedURLSigner

        init(_ signer: consuming PresignedURLSigner) { self.signer = signer }
    }

    private let presigner: URLPresigner
    private let origin: Origin
    private let expiresSeconds: Int
    private let keys = LocalKeys()
    private var prepared: [String: Prepared] = [:]

    init(_ presigner: URLPresigner, origin: Origin, expiresSeconds: Int) {
        self.presigner = presigner
        self.origin = origin
        self.expiresSeconds = expiresSeconds
    }

    func signedTarget(
        for content: UploadContent, unixSeconds: Int64
    ) throws -> RequestTarget {
        let prepared = try prepared(for: content.contentType)
        let url = try prepared.signer.sign(
            key: keys.next(content), at: SigningTime(unixSeconds: unixSeconds))
        let path = url.utf8.dropFirst(
            presigner.endpoint.scheme.utf8.count + 3 + presigner.endpoint.host.utf8.count)
        return RequestTarget(origin: origin, pathAndQuery: String(Substring(path)))
    }

    private func prepared(for contentType: String) throws -> Prepared {
        if let known = prepared[contentType] { return known }
        let made = Prepared(
            try PresignedURLSigner(
                presigner, headers: [("content-type", contentType)],
                expiresSeconds: expiresSeconds))
        prepared[contentType] = made
        return made
    }
}

/// Fresh keys as the API names them, under a user of their own.
struct LocalKeys {
    private let random = RandomSource()

    func next(_ content: UploadContent) -> String {
        "users/uploadbench/\(random.uuid())\(content.fileExtension)"
    }
}
