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
        let source = try copySource(call)
        let replaces = call.header("x-amz-metadata-directive")?.uppercased() == "REPLACE"
        let object = StoredObject(
            content: source.content, etag: source.etag, lastModified: call.now,
            properties: replaces ? try ObjectProperties(fields: call.headers) : source.properties,
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

    private func copySource(_ call: StoreCall) throws(S3Failure) -> StoredObject {
        let text = call.header("x-amz-copy-source") ?? ""
        let path = PercentEncoding.decode(text.utf8.drop { $0 == 0x2F })
        guard let slash = path.firstIndex(of: 0x2F) else {
            throw .invalidArgument(
                "Invalid copy source object key", name: "x-amz-copy-source", value: text)
        }
        let bucket = try store.bucket(String(decoding: path[..<slash], as: UTF8.self))
        let key = ObjectKey(Array(path[(slash + 1)...]))
        guard let object = bucket[key] else { throw .noSuchKey(key) }
        return object
    }

    func deleteObject(
        _ call: StoreCall, _ bucket: Bucket, _ key: ObjectKey
    ) throws(S3Failure) -> HTTPResponse {
        if let value = call.header("if-match") {
            guard let object = bucket[key] else { throw .noSuchKey(key) }
            guard EntityTag.matches(value, object.etag) else {
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
