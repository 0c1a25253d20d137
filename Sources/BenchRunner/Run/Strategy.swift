/// The known ways of uploading; the raw value is the name in flags and results.
enum Strategy: String, CaseIterable, Sendable {
    case proxyJSON = "proxy-json"
    case proxyBinary = "proxy-binary"
    case edgeRedirect = "edge-redirect"
    case presignedPut = "presigned-put"
    case presignedPost = "presigned-post"
    case acceleratedPut = "accelerated-put"
    case acceleratedPost = "accelerated-post"
    case presignedMultipart = "presigned-multipart"
    case acceleratedMultipart = "accelerated-multipart"

    static let names = allCases.map(\.rawValue)

    var isAccelerated: Bool {
        [.acceleratedPut, .acceleratedPost, .acceleratedMultipart].contains(self)
    }

    var isMultipart: Bool { [.presignedMultipart, .acceleratedMultipart].contains(self) }

    /// The bytes pass through the API.
    var isProxy: Bool { [.proxyJSON, .proxyBinary].contains(self) }

    /// The backend itself is on the way of the bytes, so no local signer can stand in for it.
    var needsBackend: Bool { isProxy || self == .edgeRedirect }

    /// The same way without its acceleration, to compare it with; nil for what is not accelerated.
    var unaccelerated: Strategy? {
        switch self {
        case .acceleratedPut: .presignedPut
        case .acceleratedPost: .presignedPost
        case .acceleratedMultipart: .presignedMultipart
        default: nil
        }
    }

    /// S3 takes 5 GiB in one PUT or POST, and 10,000 parts of up to 5 GiB (S3 User Guide,
    /// "Amazon S3 multipart upload limits").
    func largestBytes(partBytes: Int64) -> Int64 {
        isMultipart ? partBytes * 10_000 : 5_368_709_120
    }

    /// What the services in the way may carry of a file. Larger ones are refused, which one upload
    /// shows as well as a thousand.
    func carriesBytes(_ limits: ProxyLimits) -> Int64? {
        switch self {
        // Base64 makes four bytes of three; the event's envelope takes some of the rest.
        case .proxyJSON: limits.lambdaEventBytes / 4 * 3
        case .proxyBinary: limits.gatewayBodyBytes
        default: nil
        }
    }
}

/// The two limits that decide what fits through the API.
struct ProxyLimits: Sendable, Equatable {
    /// AWS Lambda quotas, "Invocation payload".
    var lambdaEventBytes: Int64 = 6_291_456
    /// Amazon API Gateway quotas, "Payload size".
    var gatewayBodyBytes: Int64 = 10_485_760
}
