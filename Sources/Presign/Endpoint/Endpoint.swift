/// Where a bucket's requests go: scheme, host as signed and the path before the key.
package struct Endpoint: Sendable, Hashable {
    /// How AWS, or another S3, is addressed.
    package enum Style: String, Sendable, CaseIterable {
        /// `bucket.s3.region.amazonaws.com`
        case virtualHosted = "virtual"
        /// `s3.region.amazonaws.com/bucket`
        case path
        /// `bucket.s3-accelerate.amazonaws.com`
        case accelerate
        /// `bucket.s3.dualstack.region.amazonaws.com`
        case dualStack = "dualstack"
        /// `bucket.s3.amazonaws.com`, what boto3 signs for unless told otherwise
        case global = "default"
        /// a given URL, then `/bucket`
        case customPath = "custom-path"
        /// a given URL with `bucket.` before its host
        case customVirtualHosted = "custom-vhost"
    }

    package let scheme: String
    /// The Host header, and what is signed: without a default port, IPv6 in brackets.
    package let host: String
    /// `""`, or `/bucket` with what a custom URL has before it; percent-encoded.
    package let pathPrefix: String
    package let region: String
    package let bucket: String

    /// - Parameter url: required by the custom styles, refused by the others.
    package init(
        style: Style, region: String, bucket: String, url: String? = nil
    ) throws(EndpointError) {
        guard Self.isHostLabel(region) else { throw .regionInvalid(region) }
        guard Self.isBucketName(bucket) else { throw .bucketInvalid(bucket) }
        self.region = region
        self.bucket = bucket
        switch (style, url) {
        case (.customPath, let url?), (.customVirtualHosted, let url?):
            let base = try EndpointURL(url)
            let allowsDots = base.scheme == "http"
            let inHost =
                style == .customVirtualHosted && !base.isAddress
                && Self.isDNSCompatible(bucket, allowsDots: allowsDots)
            scheme = base.scheme
            host = inHost ? "\(bucket).\(base.authority)" : base.authority
            pathPrefix = base.path + (inHost ? "" : "/" + PercentEncoding.encode(bucket))
        case (.customPath, nil), (.customVirtualHosted, nil):
            throw .urlMissing
        case (_, .some):
            throw .urlUnexpected(style: style)
        default:
            scheme = "https"
            let base = try Self.awsHost(style, region: region, bucket: bucket)
            // A wildcard certificate covers one label, so a dotted bucket goes into the path.
            let inHost = style != .path && Self.isDNSCompatible(bucket, allowsDots: false)
            host = inHost ? "\(bucket).\(base)" : base
            pathPrefix = inHost ? "" : "/" + PercentEncoding.encode(bucket)
        }
    }

    /// The same place under another scheme and host, when a request names them itself.
    package func at(scheme: String, host: String) -> Endpoint {
        Endpoint(
            scheme: scheme, host: host, pathPrefix: pathPrefix, region: region, bucket: bucket)
    }

    private init(scheme: String, host: String, pathPrefix: String, region: String, bucket: String) {
        self.scheme = scheme
        self.host = host
        self.pathPrefix = pathPrefix
        self.region = region
        self.bucket = bucket
    }

    /// Where a POST form goes.
    package var formURL: String {
        "\(scheme)://\(host)\(pathPrefix.isEmpty ? "/" : pathPrefix)"
    }

    private static func awsHost(
        _ style: Style, region: String, bucket: String
    ) throws(EndpointError) -> String {
        let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        switch style {
        case .accelerate:
            guard isDNSCompatible(bucket, allowsDots: false) else {
                throw .accelerateNeedsPlainBucket(bucket)
            }
            guard !region.hasPrefix("cn-") else { throw .accelerateNotInRegion(region) }
            return "s3-accelerate.amazonaws.com"
        case .dualStack:
            return "s3.dualstack.\(region).\(suffix)"
        case .global where hasGlobalHost(region):
            return "s3.amazonaws.com"
        default:
            return "s3.\(region).\(suffix)"
        }
    }

    /// Only the standard partition has a global host.
    private static func hasGlobalHost(_ region: String) -> Bool {
        !["cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-"].contains { region.hasPrefix($0) }
    }

    private static func isHostLabel(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 63
            && text.utf8.allSatisfy { PercentEncoding.isUnreserved($0) && $0 != 0x2E && $0 != 0x7E }
    }

    /// Names that old buckets and other S3 implementations allow: plain characters, at most 255.
    private static func isBucketName(_ text: String) -> Bool {
        (1...255).contains(text.utf8.count) && text != "." && text != ".."
            && text.utf8.allSatisfy { PercentEncoding.isUnreserved($0) && $0 != 0x7E }
    }

    /// Can the name stand before the host (Amazon S3 User Guide, "Bucket naming rules")?
    private static func isDNSCompatible(_ bucket: String, allowsDots: Bool) -> Bool {
        let labels = bucket.split(separator: ".", omittingEmptySubsequences: false)
        guard (3...63).contains(bucket.utf8.count), allowsDots || labels.count == 1 else {
            return false
        }
        return labels.allSatisfy { label in
            let letters = label.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
            }
            return !label.isEmpty && letters && !label.hasPrefix("-") && !label.hasSuffix("-")
        }
    }
}

/// Why a bucket has no endpoint of the wanted style.
package enum EndpointError: Error, Equatable, CustomStringConvertible {
    case regionInvalid(String)
    case bucketInvalid(String)
    case accelerateNeedsPlainBucket(String)
    case accelerateNotInRegion(String)
    case urlMissing
    case urlUnexpected(style: Endpoint.Style)
    case urlInvalid(String)

    package var description: String {
        switch self {
        case .regionInvalid(let region): "'\(region)' is not a region name"
        case .bucketInvalid(let bucket): "'\(bucket)' is not a bucket name"
        case .accelerateNeedsPlainBucket(let bucket):
            "Transfer Acceleration needs a DNS-compatible bucket name without dots, not '\(bucket)'"
        case .accelerateNotInRegion(let region):
            "Transfer Acceleration is not offered in \(region)"
        case .urlMissing: "a custom endpoint style needs an endpoint URL"
        case .urlUnexpected(let style):
            "the endpoint style '\(style.rawValue)' takes no endpoint URL"
        case .urlInvalid(let url):
            "'\(url)' is not an endpoint: write http(s)://host[:port][/path]"
        }
    }
}
