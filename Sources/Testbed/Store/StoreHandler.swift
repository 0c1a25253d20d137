import Foundation
import NetIO
package import Presign

/// What the store is told at its start.
package struct StoreConfiguration: Sendable {
    package var bucket = "uploads"
    package var region = "us-east-1"
    package var credentials: [Credentials]
    package var mode = StoreMode.memory(limitBytes: 2 << 30)
    /// The wall clock; a stopped one replays recorded requests.
    package var now: @Sendable () -> SigningTime

    package init(
        credentials: [Credentials],
        now: @escaping @Sendable () -> SigningTime = {
            SigningTime(unixSeconds: Int64(Date().timeIntervalSince1970))
        }
    ) {
        self.credentials = credentials
        self.now = now
    }
}

/// The S3 role: finds out who asks for what, and lets the operation answer.
package final class StoreHandler: RequestHandler {
    let configuration: StoreConfiguration
    let objects: ObjectStore
    let verifier: SignatureVerifier
    private let keys: [String: Credentials]
    private var requestNumber: UInt64 = 0

    package init(_ configuration: StoreConfiguration) {
        self.configuration = configuration
        objects = ObjectStore(mode: configuration.mode)
        verifier = SignatureVerifier(region: configuration.region)
        keys = Dictionary(
            configuration.credentials.map { ($0.accessKey, $0) }, uniquingKeysWith: { $1 })
    }

    func credentials(_ accessKey: String) -> Credentials? { keys[accessKey] }

    package func handle(_ exchange: Exchange) {
        requestNumber += 1
        let call = StoreCall(exchange, requestNumber: requestNumber)
        do throws(S3Failure) {
            try dispatch(call)
        } catch {
            call.fail(error)
        }
    }

    private func dispatch(_ call: StoreCall) throws(S3Failure) {
        let request = call.request
        if request.method == "OPTIONS" { return try CORSAnswer.preflight(call) }
        guard let bucket = call.address.bucket else {
            _ = try identify(call)
            throw .notImplemented("ListBuckets")
        }
        guard bucket == configuration.bucket else { throw .noSuchBucket(bucket) }
        guard call.address.key.bytes.count <= ObjectKey.limitBytes else { throw .keyTooLong }
        if request.method == "POST", call.address.key.bytes.isEmpty, !call.hasQuery("delete") {
            return try PostObject.start(call, self)
        }
        let payload = try identify(call)
        guard !call.address.key.bytes.isEmpty else { return try bucketOperation(call) }
        switch request.method {
        case "PUT": try PutObject.start(call, payload, self)
        case "GET", "HEAD": try GetObject.answer(call, objects)
        case "DELETE":
            objects.delete(call.address.key)
            call.answer(HTTPResponse(status: 204))
        default: throw .methodNotAllowed
        }
    }

    private func bucketOperation(_ call: StoreCall) throws(S3Failure) {
        switch call.request.method {
        case "HEAD":
            call.answer(
                HTTPResponse(
                    status: 200, headers: [("x-amz-bucket-region", configuration.region)]))
        case "GET" where call.hasQuery("location"): call.answer(location())
        case "GET" where call.unsupportedSubresource == nil: try ListObjects.answer(call, objects)
        default: throw .notImplemented(call.unsupportedSubresource ?? call.request.method)
        }
    }

    /// us-east-1 has an empty constraint (S3 API Reference, "GetBucketLocation").
    private func location() -> HTTPResponse {
        var xml = XMLWriter()
        let region = configuration.region == "us-east-1" ? "" : configuration.region
        xml.text("LocationConstraint", region)
        return HTTPResponse(
            status: 200, headers: [("Content-Type", "application/xml")], body: .bytes(xml.bytes))
    }

    private func identify(_ call: StoreCall) throws(S3Failure) -> SignedPayload {
        let request = SignedRequest(
            method: call.request.method, rawPath: call.request.rawPath,
            rawQuery: call.request.rawQuery, headers: Array(call.request.headers))
        do throws(SignatureFailure) {
            switch try verifier.authenticate(request, now: configuration.now(), keys: credentials) {
            case .identified(let identity): return identity.payload
            case .anonymous: throw .permissionDenied
            }
        } catch {
            throw S3Failure(error)
        }
    }
}

extension S3Failure {
    init(_ failure: SignatureFailure) {
        self.init(
            failure.status, failure.code, failure.message,
            failure.elements.map { ($0.name, $0.value) })
    }
}

/// One request to the store, with what every operation needs of it.
final class StoreCall {
    let request: HTTPRequest
    let address: BucketAddress
    let exchange: Exchange
    private let requestID: String
    /// Decoded names and values; of the signature's own parameters too.
    let query: [(name: String, value: String)]

    init(_ exchange: Exchange, requestNumber: UInt64) {
        self.exchange = exchange
        request = exchange.request
        address = BucketAddress(request)
        let digits = String(requestNumber, radix: 16, uppercase: true)
        requestID = String(repeating: "0", count: 16 - digits.count) + digits
        query = request.rawQuery.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let halves = pair.split(
                separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let texts = halves.map { String(decoding: PercentEncoding.decode($0), as: UTF8.self) }
            return (texts[0], texts.count > 1 ? texts[1] : "")
        }
    }

    func hasQuery(_ name: String) -> Bool { query.contains { $0.name == name } }
    func query(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// A sub-resource that this store does not have, if the query names one.
    var unsupportedSubresource: String? {
        let unsupported: Set = [
            "acl", "accelerate", "analytics", "cors", "delete", "encryption", "lifecycle",
            "logging",
            "notification", "object-lock", "policy", "replication", "requestPayment", "restore",
            "tagging", "torrent", "uploads", "uploadId", "versioning", "versions", "website",
        ]
        return query.first { unsupported.contains($0.name) }?.name
    }

    func answer(_ response: HTTPResponse) {
        var response = response
        response.headers =
            [
                ("x-amz-request-id", requestID), ("x-amz-id-2", "uploadbench"),
            ] + response.headers + CORSAnswer.headers(for: request) + [("Server", "AmazonS3")]
        exchange.respond(response)
    }

    func fail(_ failure: S3Failure) {
        let isHead = request.method == "HEAD"
        answer(
            HTTPResponse(
                status: failure.status, headers: [("Content-Type", "application/xml")],
                body: isHead ? .none : .bytes(failure.document(requestID: requestID))))
    }
}
