import NetIO
import Presign

extension StoreHandler {
    func startPut(_ call: StoreCall, _ bucket: Bucket, _ key: ObjectKey) throws(S3Failure) {
        let properties = try ObjectProperties(fields: call.headers)
        // Refused before the body is sent, and looked at again once it is there.
        try bucket.checkWriteConditions(call, key)
        let claim = try ChecksumClaim(call)
        if claim == nil, call.header("x-amz-sdk-checksum-algorithm") != nil {
            throw .invalidRequest(
                "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found."
            )
        }
        let expected = try BodyIntake.expectedBytes(call)
        let intake = try BodyIntake(
            call, claim: claim, wanted: defaultChecksums(claim),
            writer: try store.storage.makeWriter(
                bucket: bucket.name, key: key, expectedBytes: expected))
        call.exchange.receiveBody(
            into: UploadSink(call, intake) { body throws(S3Failure) in
                try bucket.checkWriteConditions(call, key)
                let object = StoredObject(
                    content: ObjectContent([body.content]), etag: body.etag,
                    lastModified: call.now, properties: properties, checksum: body.objectChecksum)
                bucket.put(object, at: key)
                return HTTPResponse(status: 200, headers: object.writeHeaders)
            })
    }

    /// What S3 computes for an object that came without a checksum.
    func defaultChecksums(_ claim: ChecksumClaim?) -> [ChecksumAlgorithm] {
        claim == nil && configuration.computesDefaultChecksum ? [.crc64nvme] : []
    }

    /// The bytes are shared: a copy costs nothing (S3 API Reference, "CopyObject").
    func copyObject(
        _ call: StoreCall, _ bucket: Bucket, _ key: ObjectKey
    ) throws(S3Failure) -> HTTPResponse {
        let replaces = try replacesMetadata(call)
        // A copy has no body that a checksum could be of, and the one that it would ask for is not
        // computed: the source's is kept.
        if let claim = try ChecksumClaim(call) {
            throw .notImplemented(header: claim.algorithm.headerName)
        }
        _ = try call.checksumAlgorithm("x-amz-checksum-algorithm")
        let source = try copySource(call)
        guard source.bucket !== bucket || source.key != key || replaces || changesObject(call)
        else {
            throw .invalidRequest(
                "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."
            )
        }
        return try copyObject(call, source.object, replaces: replaces, to: bucket, key)
    }

    private func copyObject(
        _ call: StoreCall, _ source: StoredObject, replaces: Bool, to bucket: Bucket,
        _ key: ObjectKey
    ) throws(S3Failure) -> HTTPResponse {
        let object = StoredObject(
            content: source.content, etag: source.etag, lastModified: call.now,
            properties: replaces
                ? try ObjectProperties(fields: call.headers)
                : try source.properties.copied(by: call),
            checksum: source.checksum, partBytes: source.partBytes)
        try bucket.checkWriteConditions(call, key)
        bucket.put(object, at: key)
        return .document("CopyObjectResult") { xml in
            xml.text("LastModified", object.lastModified.milliseconds)
            xml.text("ETag", object.etag)
            xml.optionalText(
                object.checksum?.algorithm.elementName ?? "", object.checksum?.text)
        }
    }

    private func replacesMetadata(_ call: StoreCall) throws(S3Failure) -> Bool {
        let name = "x-amz-metadata-directive"
        guard let directive = call.header(name) else { return false }
        switch directive.uppercased() {
        case "COPY": return false
        case "REPLACE": return true
        default:
            throw .invalidArgument("Unknown metadata directive.", name: name, value: directive)
        }
    }

    /// What S3 counts as a change, besides other metadata; that of encryption counts though it is the
    /// same as before.
    private func changesObject(_ call: StoreCall) -> Bool {
        [
            "x-amz-storage-class", "x-amz-website-redirect-location",
            "x-amz-server-side-encryption",
        ].contains { call.header($0) != nil }
    }

    private func copySource(
        _ call: StoreCall
    ) throws(S3Failure) -> (bucket: Bucket, key: ObjectKey, object: StoredObject) {
        let text = call.header("x-amz-copy-source") ?? ""
        // One slash may lead it.
        let path = PercentEncoding.decode(text.utf8.dropFirst(text.utf8.first == 0x2F ? 1 : 0))
        guard let slash = path.firstIndex(of: 0x2F), slash > 0 else {
            throw .invalidArgument(
                "Invalid copy source object key", name: "x-amz-copy-source", value: text)
        }
        let bucket = try store.bucket(String(decoding: path[..<slash], as: UTF8.self))
        let key = ObjectKey(Array(path[(slash + 1)...]))
        guard let object = bucket[key] else { throw .noSuchKey(key) }
        return (bucket, key, object)
    }

    func deleteObject(
        _ call: StoreCall, _ bucket: Bucket, _ key: ObjectKey
    ) throws(S3Failure) -> HTTPResponse {
        if let value = call.header("if-match") {
            guard let object = bucket[key] else { throw .noSuchKey(key) }
            guard EntityTag.matchesStrongly(value, object.etag) else {
                throw .preconditionFailed("If-Match")
            }
        }
        bucket.delete(key)
        return HTTPResponse(status: 204)
    }
}

extension ReceivedBody {
    /// The claimed one, or else the one that S3 computes.
    var objectChecksum: ObjectChecksum? {
        let algorithm = claimed ?? .crc64nvme
        return checksums[algorithm].map { ObjectChecksum(algorithm, $0) }
    }
}

extension StoredObject {
    /// What a write is answered with.
    var writeHeaders: [NameValue] {
        [("ETag", etag), ("x-amz-server-side-encryption", "AES256")] + (checksum?.headers ?? [])
    }
}
