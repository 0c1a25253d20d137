import Presign

/// `GET /?list-type=2`, and version 1 as far as they are alike.
enum ListObjects {
    private static let pageLimit = 1000

    static func answer(_ call: StoreCall, _ objects: ObjectStore) throws(S3Failure) {
        let isVersion2 = call.query("list-type") == "2"
        let prefix = call.query("prefix") ?? ""
        let delimiter = call.query("delimiter") ?? ""
        let limit = try maxKeys(call)
        // The token is the last key of the page before, in hex: it must survive as a parameter.
        let after =
            call.query("continuation-token").flatMap { Hex.decode($0) }
            ?? (call.query(isVersion2 ? "start-after" : "marker").map { Array($0.utf8) }) ?? []
        var page = Page(limit: limit)
        for key in objects.keys(prefix: Array(prefix.utf8)) where ObjectKey(after) < key {
            guard page.add(key, prefix: prefix, delimiter: Array(delimiter.utf8)) else { break }
        }
        call.answer(
            HTTPResponse(
                status: 200, headers: [("Content-Type", "application/xml")],
                body: .bytes(document(call, page, objects, prefix, delimiter, limit, isVersion2))))
    }

    private static func maxKeys(_ call: StoreCall) throws(S3Failure) -> Int {
        guard let text = call.query("max-keys") else { return pageLimit }
        guard let number = Int(text), number >= 0 else {
            throw S3Failure(
                400, "InvalidArgument", "Provided max-keys not an integer or within integer range",
                [("ArgumentName", "max-keys"), ("ArgumentValue", text)])
        }
        return min(number, pageLimit)
    }

    private struct Page {
        let limit: Int
        var keys: [ObjectKey] = []
        var prefixes: [[UInt8]] = []
        var last: ObjectKey?
        var isTruncated = false

        /// False when the page is full.
        mutating func add(_ key: ObjectKey, prefix: String, delimiter: [UInt8]) -> Bool {
            let rest = key.bytes.dropFirst(prefix.utf8.count)
            var common: [UInt8]?
            if !delimiter.isEmpty, let found = rest.firstRange(of: delimiter) {
                common = Array(key.bytes[..<found.upperBound])
            }
            if let common, prefixes.last == common {
                last = key
                return true
            }
            guard keys.count + prefixes.count < limit else {
                isTruncated = limit > 0
                return false
            }
            if let common { prefixes.append(common) } else { keys.append(key) }
            last = key
            return true
        }
    }

    private static func document(
        _ call: StoreCall, _ page: Page, _ objects: ObjectStore, _ prefix: String,
        _ delimiter: String, _ limit: Int, _ isVersion2: Bool
    ) -> [UInt8] {
        let encodes = call.query("encoding-type") == "url"
        let shown = { (bytes: [UInt8]) in
            encodes
                ? String(decoding: PercentEncoding.encode(bytes, keepingSlash: true), as: UTF8.self)
                : String(decoding: bytes, as: UTF8.self)
        }
        var xml = XMLWriter()
        let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        xml.element("ListBucketResult", namespace: namespace) { xml in
            xml.text("Name", call.address.bucket ?? "")
            xml.text("Prefix", shown(Array(prefix.utf8)))
            if !delimiter.isEmpty { xml.text("Delimiter", shown(Array(delimiter.utf8))) }
            xml.text("MaxKeys", "\(limit)")
            if encodes { xml.text("EncodingType", "url") }
            if isVersion2 { xml.text("KeyCount", "\(page.keys.count + page.prefixes.count)") }
            xml.text("IsTruncated", page.isTruncated ? "true" : "false")
            if page.isTruncated, let last = page.last {
                if isVersion2 {
                    xml.text("NextContinuationToken", Hex.encode(last.bytes))
                } else {
                    xml.text("NextMarker", shown(last.bytes))
                }
            }
            for key in page.keys {
                guard let object = objects.object(key) else { continue }
                xml.element("Contents") { xml in
                    xml.text("Key", shown(key.bytes))
                    xml.text("LastModified", SigningTime(unixSeconds: object.lastModified).iso8601)
                    xml.text("ETag", object.etag)
                    xml.text("Size", "\(object.sizeBytes)")
                    xml.text("StorageClass", "STANDARD")
                }
            }
            for common in page.prefixes {
                xml.element("CommonPrefixes") { $0.text("Prefix", shown(common)) }
            }
        }
        return xml.bytes
    }
}
