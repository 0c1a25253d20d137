import NetIO
import Presign

extension StoreHandler {
    func upload(
        _ call: StoreCall, _ bucket: Bucket, _ key: ObjectKey
    ) throws(S3Failure) -> MultipartUpload {
        let id = call.query.text("uploadId") ?? ""
        guard let upload = bucket.uploads[id], upload.key == key else {
            throw .noSuchUpload(id)
        }
        return upload
    }

    func createUpload(
        _ call: StoreCall, _ bucket: Bucket, _ key: ObjectKey
    ) throws(S3Failure) -> HTTPResponse {
        let id = Hex.encode((0..<32).map { _ in UInt8.random(in: 0...255) })
        let upload = try MultipartUpload(call, id: id, key: key)
        bucket.uploads[id] = upload
        var headers: [NameValue] = [("x-amz-server-side-encryption", "AES256")]
        if let algorithm = upload.chosenAlgorithm {
            headers.append(("x-amz-checksum-algorithm", algorithm.rawValue))
            headers.append(("x-amz-checksum-type", upload.kind.rawValue))
        }
        return .document("InitiateMultipartUploadResult", headers: headers) { xml in
            xml.text("Bucket", bucket.name)
            xml.text("Key", key.bytes)
            xml.text("UploadId", id)
        }
    }

    func startPart(_ call: StoreCall, _ bucket: Bucket, _ key: ObjectKey) throws(S3Failure) {
        guard call.header("x-amz-copy-source") == nil else {
            throw .notImplemented(header: "x-amz-copy-source")
        }
        let number = try MultipartUpload.partNumber(call.query.text("partNumber") ?? "")
        let upload = try upload(call, bucket, key)
        let claim = try ChecksumClaim(call)
        try upload.check(claim)
        let computes = upload.chosenAlgorithm != nil || configuration.computesDefaultChecksum
        let intake = try BodyIntake(
            call, claim: claim, wanted: computes ? [upload.algorithm] : [],
            writer: try store.storage.makeWriter(
                bucket: bucket.name, key: key,
                expectedBytes: try BodyIntake.expectedBytes(call)))
        call.exchange.receiveBody(
            into: UploadSink(call, intake) { body throws(S3Failure) in
                guard bucket.uploads[upload.id] != nil else {
                    // It was completed or aborted meanwhile.
                    _ = try self.upload(call, bucket, key)
                    return HTTPResponse(status: 404)
                }
                upload.parts[number] = UploadedPart(
                    content: body.content, etag: body.etag, md5: body.md5,
                    lastModified: call.now, checksums: body.checksums)
                var headers: [NameValue] = [
                    ("ETag", body.etag), ("x-amz-server-side-encryption", "AES256"),
                ]
                let algorithm = body.claimed ?? upload.algorithm
                if let value = body.checksums[algorithm] {
                    headers.append((algorithm.headerName, Base64.encode(value)))
                }
                return HTTPResponse(status: 200, headers: headers)
            })
    }

    func startComplete(_ call: StoreCall, _ bucket: Bucket, _ key: ObjectKey) throws(S3Failure) {
        if bucket.completed.contains(call.query.text("uploadId") ?? "", at: key) {
            return try repeatCompletion(call, bucket, key)
        }
        let upload = try upload(call, bucket, key)
        try bucket.checkWriteConditions(call, key)
        // A checksum on this request is the object's, not the document's.
        let claim = try ChecksumClaim(call)
        let writer = DocumentWriter(limitBytes: DocumentWriter.largeBytes)
        let intake = try BodyIntake(call, claim: nil, wanted: [], writer: writer)
        call.exchange.receiveBody(
            into: UploadSink(call, intake) { _ throws(S3Failure) in
                _ = try self.upload(call, bucket, key)
                try bucket.checkWriteConditions(call, key)
                let completion = try Completion(XMLReader.read(writer.bytes), of: upload)
                try completion.checkSize(call.header("x-amz-mp-object-size"))
                try completion.check(claim, kind: call.header("x-amz-checksum-type"))
                let object = completion.object(at: call.now)
                bucket.put(object, at: key)
                bucket.uploads[upload.id] = nil
                bucket.completed.add(
                    upload.id, at: key, document: writer.bytes, etag: object.etag)
                return Self.completed(object, call, bucket, key)
            })
    }

    private func repeatCompletion(
        _ call: StoreCall, _ bucket: Bucket, _ key: ObjectKey
    ) throws(S3Failure) {
        let id = call.query.text("uploadId") ?? ""
        let writer = DocumentWriter(limitBytes: DocumentWriter.largeBytes)
        let intake = try BodyIntake(call, claim: nil, wanted: [], writer: writer)
        call.exchange.receiveBody(
            into: UploadSink(call, intake) { _ throws(S3Failure) in
                guard let object = bucket[key],
                    bucket.completed.isRepetition(id, document: writer.bytes, of: object)
                else { throw .noSuchUpload(id) }
                return Self.completed(object, call, bucket, key)
            })
    }

    private static func completed(
        _ object: StoredObject, _ call: StoreCall, _ bucket: Bucket, _ key: ObjectKey
    ) -> HTTPResponse {
        .document(
            "CompleteMultipartUploadResult", headers: [("x-amz-server-side-encryption", "AES256")]
        ) { xml in
            xml.text("Location", call.objectURL(key))
            xml.text("Bucket", bucket.name)
            xml.text("Key", key.bytes)
            xml.text("ETag", object.etag)
            guard let checksum = object.checksum else { return }
            xml.text(checksum.algorithm.elementName, checksum.text)
            xml.text("ChecksumType", checksum.kind.rawValue)
        }
    }
}

extension StoreCall {
    /// Where an object is, as the request's own Host names it; `/` in the key is escaped too.
    func objectURL(_ key: ObjectKey) -> String {
        let scheme = request.isSecure ? "https" : "http"
        let host = header("host") ?? ""
        let bucket = address.isPathStyle ? "\(address.bucket ?? "")/" : ""
        let path = String(decoding: PercentEncoding.encode(key.bytes), as: UTF8.self)
        return "\(scheme)://\(host)/\(bucket)\(path)"
    }
}
