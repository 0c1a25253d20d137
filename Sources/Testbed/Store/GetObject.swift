import NetIO

/// `GET /key` and `HEAD /key`.
enum GetObject {
    static func answer(_ call: StoreCall, _ objects: ObjectStore) throws(S3Failure) {
        if let name = call.unsupportedSubresource { throw .notImplemented(name) }
        guard let object = objects.object(call.address.key) else {
            throw .noSuchKey(call.address.key)
        }
        var headers: [(name: String, value: String)] = [
            ("Last-Modified", HTTPDate.text(object.lastModified)), ("ETag", object.etag),
            ("Accept-Ranges", "bytes"), ("Content-Type", object.contentType),
            ("x-amz-server-side-encryption", "AES256"),
        ]
        headers += object.headers
        let range = try ByteRange.select(
            call.request.headers.first("Range"), sizeBytes: object.sizeBytes)
        let selected = range ?? 0..<object.sizeBytes
        if let range {
            let value = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.sizeBytes)"
            headers.append(("Content-Range", value))
        }
        let length = selected.upperBound - selected.lowerBound
        call.answer(
            HTTPResponse(
                status: range == nil ? 200 : 206, headers: headers,
                body: .stream(ObjectReader(object.content, range: selected), length: length)))
    }
}

/// A Range field as S3 reads it: one range or the whole object (RFC 9110 §14; S3 ignores what it
/// cannot read).
enum ByteRange {
    /// nil: the whole object, with status 200.
    static func select(_ field: String?, sizeBytes: Int64) throws(S3Failure) -> Range<Int64>? {
        guard let field, field.hasPrefix("bytes=") else { return nil }
        let spec = field.dropFirst(6)
        let halves = spec.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2,
            halves.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return nil }
        let (first, last) = (number(halves[0]), number(halves[1]))
        switch (first, last) {
        case (nil, nil): return nil
        case (nil, let suffix?):
            guard suffix > 0, sizeBytes > 0 else { throw unsatisfiable(field, sizeBytes) }
            return max(0, sizeBytes - suffix)..<sizeBytes
        case (let first?, let last):
            if let last, last < first { return nil }
            guard first < sizeBytes else { throw unsatisfiable(field, sizeBytes) }
            return first..<(min(last ?? .max - 1, sizeBytes - 1) + 1)
        }
    }

    /// Digits beyond Int64 are a very large number.
    private static func number(_ digits: Substring) -> Int64? {
        digits.isEmpty ? nil : Int64(digits) ?? .max - 1
    }

    private static func unsatisfiable(_ field: String, _ sizeBytes: Int64) -> S3Failure {
        S3Failure(
            416, "InvalidRange", "The requested range is not satisfiable",
            [("RangeRequested", field), ("ActualObjectSize", "\(sizeBytes)")])
    }
}

/// `Tue, 15 Nov 1994 08:12:31 GMT`.
enum HTTPDate {
    static func text(_ unixSeconds: Int64) -> String {
        let field = String(
            decoding: ResponseHead.dateField(unixSeconds: unixSeconds), as: UTF8.self)
        return String(field.dropFirst("Date: ".count).dropLast())
    }
}
