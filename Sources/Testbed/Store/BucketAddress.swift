import NetIO
import Presign

/// Which bucket and key a request speaks of, from its Host and path.
struct BucketAddress {
    let bucket: String?
    /// Empty for the bucket itself.
    let key: ObjectKey

    init(_ request: HTTPRequest) {
        let path = PercentEncoding.decode(request.rawPath.utf8.dropFirst())
        if let bucket = Self.bucket(inHost: request.headers.first("Host") ?? "") {
            self.bucket = bucket
            key = ObjectKey(path)
            return
        }
        let slash = path.firstIndex(of: UInt8(ascii: "/")) ?? path.endIndex
        let name = String(decoding: path[..<slash], as: UTF8.self)
        bucket = name.isEmpty ? nil : name
        key = ObjectKey(Array(path[slash...].dropFirst()))
    }

    /// `BUCKET.localhost` and the Host of every AWS endpoint form (S3 User Guide, "Virtual
    /// hosting of buckets"); nil for path style.
    static func bucket(inHost host: String) -> String? {
        let name = host.prefix { $0 != ":" }.lowercased()
        if name.hasSuffix(".localhost") { return String(name.dropLast(10)) }
        for suffix in [".amazonaws.com", ".amazonaws.com.cn"] where name.hasSuffix(suffix) {
            return bucket(beforeService: name.dropLast(suffix.count).split(separator: "."))
        }
        return nil
    }

    /// `[bucket…, s3 or s3-*, (dualstack), (region)]`: the bucket may have dots of its own, so the
    /// service is looked for from the right.
    private static func bucket(beforeService labels: [Substring]) -> String? {
        let isService = { (label: Substring) in label == "s3" || label.hasPrefix("s3-") }
        guard let service = labels.lastIndex(where: isService), service > 0 else { return nil }
        return labels[..<service].joined(separator: ".")
    }
}
