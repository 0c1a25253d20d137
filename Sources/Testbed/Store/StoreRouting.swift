import NetIO
import Presign

/// Sub-resources that this store does not have.
private let unsupportedSubresources: Set<String> = [
    "acl", "analytics", "attributes", "encryption", "intelligent-tiering", "inventory",
    "legal-hold", "lifecycle", "logging", "metadataConfiguration", "metadataTable", "metrics",
    "notification", "object-lock", "ownershipControls", "policy", "policyStatus",
    "publicAccessBlock", "renameObject", "replication", "requestPayment", "restore", "retention",
    "select", "session", "tagging", "torrent", "versioning", "versions", "versionId", "website",
]

/// Conditions, offsets and keys of clients that this store does not look at: what is asked under one is not
/// done without it.
private let unsupportedHeaders: Set<String> = [
    "x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match",
    "x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since",
    "x-amz-if-match-last-modified-time", "x-amz-if-match-size", "x-amz-write-offset-bytes",
    "x-amz-server-side-encryption-customer-algorithm", "x-amz-server-side-encryption-customer-key",
    "x-amz-server-side-encryption-customer-key-md5",
    "x-amz-copy-source-server-side-encryption-customer-algorithm",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key-md5",
]

extension StoreHandler {
    /// An authenticated request to its operation.
    func route(_ call: StoreCall) throws(S3Failure) {
        if let name = call.query.firstName(in: unsupportedSubresources) {
            throw .notImplemented(header: name)
        }
        try checkSupported(call.headers)
        for name in ["partNumber", "uploadId"] where call.query.isRepeated(name) {
            throw .invalidArgument(
                "The parameter \(name) is given more than once", name: name,
                value: call.query.text(name) ?? "")
        }
        guard let name = call.address.bucket else {
            guard call.method == "GET" else { throw .methodNotAllowed }
            return call.answer(listBuckets())
        }
        if call.address.key == nil, call.method == "PUT", isBareBucket(call) {
            return try startCreateBucket(call, name)
        }
        let bucket = try store.bucket(name)
        guard let key = call.address.key else { return try routeBucket(call, bucket) }
        if call.query.contains("uploadId") || call.query.contains("uploads") {
            return try routeMultipart(call, bucket, key)
        }
        switch call.method {
        case "PUT" where call.header("x-amz-copy-source") != nil:
            call.answer(try copyObject(call, bucket, key))
        case "PUT": try startPut(call, bucket, key)
        case "GET", "HEAD": call.answer(try getObject(call, bucket, key))
        case "DELETE": call.answer(try deleteObject(call, bucket, key))
        default: throw .methodNotAllowed
        }
    }

    /// - Parameter fields: of a request or a form.
    func checkSupported(_ fields: [NameValue]) throws(S3Failure) {
        for field in fields where field.name.utf8.first.map({ $0 | 0x20 }) == 0x78 {
            let name = field.name.asciiLowercased
            guard !unsupportedHeaders.contains(name) else { throw .notImplemented(header: name) }
        }
    }

    private func isBareBucket(_ call: StoreCall) -> Bool {
        !call.query.contains("cors") && !call.query.contains("accelerate")
    }

    private func routeBucket(_ call: StoreCall, _ bucket: Bucket) throws(S3Failure) {
        if call.query.contains("cors") { return try routeCORS(call, bucket) }
        if call.query.contains("accelerate") { return try routeAcceleration(call, bucket) }
        switch call.method {
        case "HEAD":
            call.answer(
                HTTPResponse(
                    status: 200, headers: [("x-amz-bucket-region", configuration.region)]))
        case "GET" where call.query.contains("location"): call.answer(bucketLocation())
        case "GET" where call.query.contains("uploads"):
            call.answer(try listUploads(call, bucket))
        case "GET": call.answer(try listObjects(call, bucket))
        case "POST": try startDeleteObjects(call, bucket)
        case "DELETE":
            guard bucket.isEmpty else {
                throw S3Failure(
                    409, "BucketNotEmpty", "The bucket you tried to delete is not empty",
                    ["BucketName": bucket.name])
            }
            store.remove(bucket.name)
            call.answer(HTTPResponse(status: 204))
        default: throw .methodNotAllowed
        }
    }

    private func routeMultipart(
        _ call: StoreCall, _ bucket: Bucket, _ key: ObjectKey
    ) throws(S3Failure) {
        if call.query.contains("uploads") {
            guard call.method == "POST" else { throw .methodNotAllowed }
            return call.answer(try createUpload(call, bucket, key))
        }
        switch call.method {
        case "PUT": try startPart(call, bucket, key)
        case "POST": try startComplete(call, bucket, key)
        case "GET": call.answer(try listParts(call, bucket, key))
        case "DELETE":
            let upload = try upload(call, bucket, key)
            bucket.uploads[upload.id] = nil
            call.answer(HTTPResponse(status: 204))
        default: throw .methodNotAllowed
        }
    }

    /// Takes a document in, and answers it.
    func receiveDocument(
        _ call: StoreCall, limitBytes: Int = DocumentWriter.smallBytes,
        _ answer: @escaping ([UInt8]) throws(S3Failure) -> HTTPResponse
    ) throws(S3Failure) {
        let writer = DocumentWriter(limitBytes: limitBytes)
        let intake = try BodyIntake(
            call, claim: try ChecksumClaim(call), wanted: [], writer: writer)
        call.exchange.receiveBody(
            into: UploadSink(call, intake) { _ throws(S3Failure) in try answer(writer.bytes) })
    }
}
