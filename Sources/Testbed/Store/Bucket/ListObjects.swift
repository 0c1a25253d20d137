import NetIO
import Presign

/// Keys in a listing, plain or percent-encoded as `encoding-type=url` asks.
struct ListingText {
    let encodesURL: Bool

    func text(_ bytes: [UInt8]) -> [UInt8] {
        encodesURL ? PercentEncoding.encode(bytes, keepingSlash: true) : bytes
    }
}

/// One page of a bucket: keys after a marker, grouped by what precedes the delimiter.
struct ListingPage {
    private(set) var keys: [ObjectKey] = []
    private(set) var prefixes: [[UInt8]] = []
    /// Where the next page continues; nil after the last one.
    private(set) var next: [UInt8]?

    /// - Parameters:
    ///   - sorted: all keys in order.
    ///   - marker: everything up to and with it is left out; when it ends with the delimiter, so
    ///     is all that it is a prefix of.
    init(
        _ sorted: [ObjectKey], prefix: [UInt8], delimiter: [UInt8], marker: [UInt8], limit: Int
    ) {
        guard limit > 0 else { return }
        var index = Self.firstIndex(in: sorted, atOrAfter: prefix)
        var last: [UInt8] = []
        if !marker.isEmpty {
            index = max(index, Self.firstIndex(in: sorted, after: marker))
            if !delimiter.isEmpty, marker.count > prefix.count,
                marker.suffix(delimiter.count) == delimiter[...]
            {
                while index < sorted.count, sorted[index].bytes.starts(with: marker) { index += 1 }
            }
        }
        while index < sorted.count, sorted[index].bytes.starts(with: prefix) {
            guard keys.count + prefixes.count < limit else {
                next = last
                return
            }
            let key = sorted[index]
            if let group = Self.group(key.bytes, prefix, delimiter) {
                prefixes.append(group)
                last = group
                while index < sorted.count, sorted[index].bytes.starts(with: group) { index += 1 }
            } else {
                keys.append(key)
                last = key.bytes
                index += 1
            }
        }
    }

    private static func group(
        _ key: [UInt8], _ prefix: [UInt8], _ delimiter: [UInt8]
    ) -> [UInt8]? {
        guard !delimiter.isEmpty,
            let found = key[prefix.count...].firstRange(of: delimiter)
        else { return nil }
        return Array(key[..<found.upperBound])
    }

    private static func firstIndex(in sorted: [ObjectKey], atOrAfter bytes: [UInt8]) -> Int {
        let key = ObjectKey(bytes)
        return partition(sorted) { $0 < key }
    }

    private static func firstIndex(in sorted: [ObjectKey], after bytes: [UInt8]) -> Int {
        let key = ObjectKey(bytes)
        return partition(sorted) { !(key < $0) }
    }

    /// The first index whose key is not `before`.
    private static func partition(_ keys: [ObjectKey], _ before: (ObjectKey) -> Bool) -> Int {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if before(keys[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension StoreHandler {
    /// Both versions (S3 API Reference, "ListObjects" and "ListObjectsV2").
    func listObjects(_ call: StoreCall, _ bucket: Bucket) throws(S3Failure) -> HTTPResponse {
        let query = call.query
        let isSecond = query.text("list-type") == "2"
        let limit = min(1000, try query.integer("max-keys", in: 0...Int(Int32.max)) ?? 1000)
        let encoding = query.text("encoding-type")
        guard encoding == nil || encoding == "url" else {
            throw .invalidArgument(
                "Invalid Encoding Method specified in Request", name: "encoding-type",
                value: encoding ?? "")
        }
        let delimiter = query.bytes("delimiter") ?? []
        let prefix = query.bytes("prefix") ?? []
        let marker = isSecond ? try Self.position(query) : query.bytes("marker") ?? []
        let page = ListingPage(
            bucket.keys, prefix: prefix, delimiter: delimiter, marker: marker, limit: limit)
        let listing = ListingText(encodesURL: encoding == "url")
        return .document("ListBucketResult") { xml in
            xml.text("Name", bucket.name)
            xml.text("Prefix", listing.text(prefix))
            if isSecond {
                Self.writeSecondVersion(query, page, listing, &xml)
            } else {
                xml.text("Marker", listing.text(marker))
                if let next = page.next, !delimiter.isEmpty {
                    xml.text("NextMarker", listing.text(next))
                }
            }
            xml.text("MaxKeys", "\(limit)")
            if !delimiter.isEmpty { xml.text("Delimiter", listing.text(delimiter)) }
            if let encoding { xml.text("EncodingType", encoding) }
            xml.text("IsTruncated", page.next == nil ? "false" : "true")
            let showsOwner = !isSecond || query.text("fetch-owner") == "true"
            for key in page.keys {
                guard let object = bucket[key] else { continue }
                Self.write(object, listing.text(key.bytes), showsOwner, &xml)
            }
            for prefix in page.prefixes {
                xml.element("CommonPrefixes") { $0.text("Prefix", listing.text(prefix)) }
            }
        }
    }

    /// A continuation token is the last key, in hex: opaque, and safe in a query.
    private static func position(_ query: QueryParameters) throws(S3Failure) -> [UInt8] {
        guard let token = query.text("continuation-token") else {
            return query.bytes("start-after") ?? []
        }
        guard let bytes = Hex.decode(token), !bytes.isEmpty else {
            throw .invalidArgument(
                "The continuation token provided is incorrect", name: "continuation-token",
                value: token)
        }
        return bytes
    }

    private static func writeSecondVersion(
        _ query: QueryParameters, _ page: ListingPage, _ listing: ListingText,
        _ xml: inout XMLWriter
    ) {
        xml.optionalText("ContinuationToken", query.text("continuation-token"))
        xml.optionalText("NextContinuationToken", page.next.map { Hex.encode($0) })
        if let start = query.bytes("start-after") {
            xml.text("StartAfter", listing.text(start))
        }
        xml.text("KeyCount", "\(page.keys.count + page.prefixes.count)")
    }

    private static func write(
        _ object: StoredObject, _ key: [UInt8], _ showsOwner: Bool, _ xml: inout XMLWriter
    ) {
        xml.element("Contents") { xml in
            xml.text("Key", key)
            xml.text("LastModified", object.lastModified.milliseconds)
            xml.text("ETag", object.etag)
            if let checksum = object.checksum {
                xml.text("ChecksumAlgorithm", checksum.algorithm.rawValue)
                xml.text("ChecksumType", checksum.kind.rawValue)
            }
            xml.text("Size", "\(object.sizeBytes)")
            if showsOwner { owner("Owner", &xml) }
            xml.text("StorageClass", object.properties.storageClass)
        }
    }
}
