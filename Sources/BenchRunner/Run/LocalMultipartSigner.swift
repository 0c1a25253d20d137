import Presign
import Scenarios
import Transfer

/// Signs the requests of multipart uploads; one per lane, for it keeps the upload's key.
final class LocalMultipartSigner: MultipartSigning {
    private var identity: SigningIdentity
    private let origin: Origin
    private let expiresSeconds: Int
    private let keys: LocalKeys
    private var key = ""

    init(
        _ endpoint: ScenarioFactory.LocalEndpoint, expiresSeconds: Int, keyPrefix: String,
        random: RandomSource
    ) {
        keys = LocalKeys(below: keyPrefix, random)
        identity = SigningIdentity(endpoint)
        origin = endpoint.origin
        self.expiresSeconds = expiresSeconds
    }

    func create(for content: UploadContent, unixSeconds: Int64) throws -> RequestTarget {
        // The later requests of this upload are signed as the first.
        identity.renew()
        key = keys.next(content)
        return try target(
            "POST", [("uploads", "")], headers: [("content-type", content.contentType)],
            unixSeconds: unixSeconds)
    }

    func part(_ number: Int, of uploadID: String, unixSeconds: Int64) throws -> RequestTarget {
        try target(
            "PUT", [("partNumber", String(number)), ("uploadId", uploadID)],
            unixSeconds: unixSeconds)
    }

    func complete(_ uploadID: String, unixSeconds: Int64) throws -> RequestTarget {
        try target("POST", [("uploadId", uploadID)], unixSeconds: unixSeconds)
    }

    func abort(_ uploadID: String, unixSeconds: Int64) throws -> RequestTarget {
        try target("DELETE", [("uploadId", uploadID)], unixSeconds: unixSeconds)
    }

    private func target(
        _ method: String, _ query: [NameValue], headers: [NameValue] = [], unixSeconds: Int64
    ) throws -> RequestTarget {
        let signed = try identity.presigner.presign(
            method: method, key: key, headers: headers, query: query,
            expiresSeconds: expiresSeconds, at: SigningTime(unixSeconds: unixSeconds))
        return RequestTarget(origin: origin, pathAndQuery: signed.target)
    }
}
