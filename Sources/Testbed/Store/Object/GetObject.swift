import NetIO
import Presign

extension StoreHandler {
    /// GET and HEAD, which differ in the body only.
    func getObject(
        _ call: StoreCall, _ bucket: Bucket, _ key: ObjectKey
    ) throws(S3Failure) -> HTTPResponse {
        guard let object = bucket[key] else { throw .noSuchKey(key) }
        if let answer = try conditionalAnswer(call, object) { return answer }
        let selection = try selection(call, object)
        let range = selection.range ?? 0..<object.sizeBytes
        var headers = object.readHeaders(overrides: call.query)
        if selection.range == nil || range.count == object.sizeBytes,
            call.header("x-amz-checksum-mode")?.uppercased() == "ENABLED"
        {
            headers += object.checksum?.headers ?? []
        }
        if selection.isPart { headers.append(("x-amz-mp-parts-count", "\(object.partCount)")) }
        if selection.range != nil {
            headers.append(
                (
                    "Content-Range",
                    "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.sizeBytes)"
                ))
        }
        let length = Int64(range.count)
        var response = HTTPResponse(
            status: selection.range == nil ? 200 : 206, headers: headers)
        if call.isHead {
            response.headContentLength = length
        } else if length > 0 {
            try object.content.checkReadable(range)
            response.body = .stream(ContentReader(object.content, range), length: length)
        }
        return response
    }

    /// RFC 9110 §13.2.2, with S3's answers.
    private func conditionalAnswer(
        _ call: StoreCall, _ object: StoredObject
    ) throws(S3Failure) -> HTTPResponse? {
        if let list = call.header("if-match") {
            guard EntityTag.matchesStrongly(list, object.etag) else {
                throw .preconditionFailed("If-Match")
            }
        } else if let time = call.header("if-unmodified-since").flatMap(HTTPDate.parse),
            object.lastModified > time
        {
            throw .preconditionFailed("If-Unmodified-Since")
        }
        let isUnchanged: Bool
        if let list = call.header("if-none-match") {
            isUnchanged = EntityTag.matches(list, object.etag)
        } else if let time = call.header("if-modified-since").flatMap(HTTPDate.parse) {
            isUnchanged = object.lastModified <= time
        } else {
            isUnchanged = false
        }
        guard isUnchanged else { return nil }
        return HTTPResponse(
            status: 304,
            headers: [
                ("ETag", object.etag), ("Last-Modified", HTTPDate.text(object.lastModified)),
            ])
    }

    private func selection(
        _ call: StoreCall, _ object: StoredObject
    ) throws(S3Failure) -> (range: Range<Int64>?, isPart: Bool) {
        let field = call.header("range")
        guard let text = call.query.text("partNumber") else {
            switch ByteRange.select(field, of: object.sizeBytes) {
            case .whole: return (nil, false)
            case .part(let range): return (range, false)
            case .unsatisfiable:
                throw S3Failure(
                    416, "InvalidRange", "The requested range is not satisfiable",
                    [
                        "RangeRequested": field ?? "", "ActualObjectSize": "\(object.sizeBytes)",
                    ])
            }
        }
        guard field == nil else {
            throw .invalidRequest(
                "Cannot specify both Range header and partNumber query parameter")
        }
        let number = try MultipartUpload.partNumber(text)
        guard number <= max(1, object.partCount) else {
            throw S3Failure(
                416, "InvalidPartNumber", "The requested partnumber is not satisfiable",
                ["PartNumberRequested": text, "ActualPartCount": "\(max(1, object.partCount))"])
        }
        guard object.partCount > 0 else {
            return (object.sizeBytes > 0 ? 0..<object.sizeBytes : nil, false)
        }
        let start = object.partBytes.prefix(number - 1).reduce(0, +)
        return (start..<(start + object.partBytes[number - 1]), true)
    }
}

extension StoredObject {
    fileprivate var partCount: Int { partBytes.count }

    /// The fields of a GET or HEAD; `response-*` parameters replace some (S3 API Reference,
    /// "GetObject").
    fileprivate func readHeaders(overrides query: QueryParameters) -> [NameValue] {
        var headers: [NameValue] = [
            ("Last-Modified", HTTPDate.text(lastModified)), ("ETag", etag),
            ("x-amz-server-side-encryption", "AES256"), ("Accept-Ranges", "bytes"),
            ("Content-Type", properties.contentType),
        ]
        if properties.storageClass != "STANDARD" {
            headers.append(("x-amz-storage-class", properties.storageClass))
        }
        if properties.tagCount > 0 {
            headers.append(("x-amz-tagging-count", "\(properties.tagCount)"))
        }
        headers += properties.headers
        for name in [
            "Content-Type", "Content-Language", "Expires", "Cache-Control", "Content-Disposition",
            "Content-Encoding",
        ] {
            guard let value = query.text("response-\(name.lowercased())") else { continue }
            headers.removeAll { $0.name.equalsIgnoringCase(name) }
            headers.append((name, value))
        }
        return headers
    }
}
