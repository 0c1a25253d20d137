import Presign
import Scenarios
import Transfer

/// Signs PUTs with prepared per-second state; one per worker, for threads cannot share it.
final class LocalPutSigner: PutSigning {
    /// The signer of one content type: the type is signed, as the API does it.
    private final class Prepared {
        var signer: PresignedURLSigner

        init(_ signer: consuming PresignedURLSigner) { self.signer = signer }
    }

    /// The file of the last upload, which most often is that of the next.
    private final class Current {
        let head: PutHead
        private let prepared: Prepared
        private var key: LocalKey

        init(_ owner: LocalPutSigner, _ content: UploadContent) throws {
            head = PutHead(content, at: owner.origin)
            prepared = try owner.prepared(for: content)
            key = LocalKey(content, below: owner.keyPrefix)
        }

        func request(_ random: RandomSource, at time: SigningTime) throws -> Request {
            key.renew(random)
            return try key.withBytes { key in
                let limit = prepared.signer.targetBytesLimit(keyBytes: key.count, at: time)
                return try head.request(targetBytesLimit: limit) {
                    try prepared.signer.store(key: key, at: time, to: $0)
                }
            }
        }
    }

    private var identity: SigningIdentity
    private let origin: Origin
    private let expiresSeconds: Int
    private let keyPrefix: String
    private let random = RandomSource()
    private var prepared: [String: Prepared] = [:]
    private var current: Current?

    init(
        _ endpoint: ScenarioFactory.LocalEndpoint, expiresSeconds: Int, keyPrefix: String
    ) {
        identity = SigningIdentity(endpoint)
        origin = endpoint.origin
        self.expiresSeconds = expiresSeconds
        self.keyPrefix = keyPrefix
    }

    func signedPut(for content: UploadContent, unixSeconds: Int64) throws -> Request {
        let time = SigningTime(unixSeconds: unixSeconds)
        if identity.renew() { (prepared, current) = ([:], nil) }
        if current?.head.content !== content { current = try Current(self, content) }
        guard let current else { preconditionFailure("it was made above") }
        return try current.request(random, at: time)
    }

    private func prepared(for content: UploadContent) throws -> Prepared {
        if let known = prepared[content.contentType] { return known }
        let made = Prepared(
            try PresignedURLSigner(
                identity.presigner, headers: [("content-type", content.contentType)],
                expiresSeconds: expiresSeconds))
        prepared[content.contentType] = made
        return made
    }
}

/// PUTs without a signature, all to one key, so that the whole request is made once: what sending
/// costs without signing, and uploads to servers that want no signature.
final class UnsignedPuts: PutSigning {
    private let endpoint: Endpoint
    private let origin: Origin
    private let keyPrefix: String
    private var last: (content: UploadContent, request: Request)?

    init(_ endpoint: Endpoint, origin: Origin, keyPrefix: String) {
        self.endpoint = endpoint
        self.origin = origin
        self.keyPrefix = keyPrefix
    }

    func signedPut(for content: UploadContent, unixSeconds: Int64) throws -> Request {
        if let last, last.content === content { return last.request }
        let key = "\(keyPrefix)unsigned\(content.fileExtension)"
        let target = Array(
            "\(endpoint.pathPrefix)/\(PercentEncoding.encode(key, keepingSlash: true))".utf8)
        let request = PutHead(content, at: origin).request(targetBytesLimit: target.count) {
            $0.copyBytes(from: target)
            return target.count
        }
        last = (content, request)
        return request
    }
}

/// The key of one file's uploads, as the API names them, under a user of their own.
struct LocalKey {
    private var bytes: [UInt8]
    private let startBytes: Int
    private static let uuidBytes = 36

    /// - Parameter prefix: the run's own.
    init(_ content: UploadContent, below prefix: String) {
        startBytes = prefix.utf8.count
        bytes = Array(prefix.utf8) + [UInt8](repeating: 0x30, count: Self.uuidBytes)
        bytes += content.fileExtension.utf8
    }

    /// Makes it a key that was never used.
    mutating func renew(_ random: RandomSource) {
        bytes.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            random.storeUUID(to: base + startBytes)
        }
    }

    func withBytes<R>(_ use: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try bytes.withUnsafeBytes(use)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Fresh keys for whoever needs them as texts.
struct LocalKeys {
    let prefix: String
    private let random: RandomSource

    init(below prefix: String, _ random: RandomSource = RandomSource()) {
        self.prefix = prefix
        self.random = random
    }

    func next(_ content: UploadContent) -> String {
        var key = LocalKey(content, below: prefix)
        key.renew(random)
        return key.text
    }
}
