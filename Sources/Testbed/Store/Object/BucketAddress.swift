import NetIO
import Presign

/// Which bucket and key a request speaks of, from its Host and path.
struct BucketAddress {
    let bucket: String?
    /// nil for the bucket itself.
    let key: ObjectKey?
    /// The bucket is named by the path, not by the Host.
    let isPathStyle: Bool

    /// - Parameter isBucket: whether a name is a bucket's, to tell `bucket.example.org` from a
    ///   service of that name.
    init(_ request: HTTPRequest, isBucket: (String) -> Bool) {
        let path = PercentEncoding.decode(request.rawPath.utf8.dropFirst())
        let host = request.headers.first("Host") ?? ""
        if let bucket = Self.bucket(inHost: host, isBucket: isBucket) {
            self.bucket = bucket
            key = path.isEmpty ? nil : ObjectKey(path)
            isPathStyle = false
            return
        }
        let slash = path.firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
        let name = String(decoding: path[..<slash], as: UTF8.self)
        let rest = Array(path[slash...].dropFirst())
        bucket = name.isEmpty ? nil : name
        key = rest.isEmpty ? nil : ObjectKey(rest)
        isPathStyle = true
    }

    /// `BUCKET.localhost` and the Host of every AWS endpoint form (S3 User Guide, "Virtual
    /// hosting of buckets"); nil for path style.
    static func bucket(inHost host: String, isBucket: (String) -> Bool) -> String? {
        let name = host.hasPrefix("[") ? "" : host.prefix { $0 != ":" }.lowercased()
        if name.hasSuffix(".localhost") { return String(name.dropLast(10)) }
        let labels = name.split(separator: ".")
        let isService = { (label: Substring) in label == "s3" || label.hasPrefix("s3-") }
        // The bucket may have dots of its own, so the service is looked for from the right. The
        // last label is never a service: `s3` alone is a host of somebody's network.
        if labels.count > 2, let service = labels.dropLast().lastIndex(where: isService) {
            return service == 0 ? nil : labels[..<service].joined(separator: ".")
        }
        guard labels.count > 2, let first = labels.first, Int(first) == nil else { return nil }
        return isBucket(String(first)) ? String(first) : nil
    }
}
