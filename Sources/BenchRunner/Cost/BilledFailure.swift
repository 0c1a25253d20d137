/// What an upload that failed is billed for: the requests before the one that was refused, and that one
/// if its answer is a billed one.
struct BilledFailure {
    enum Refusal: Equatable { case s3, api }

    private(set) var before: [BilledRequest] = []
    private(set) var refusal: Refusal?

    /// S3's refusals that are not billed (S3 User Guide, "Billing and usage reporting for S3 error
    /// responses"); other 4xx are, 5xx are not.
    static let freeCodes: Set<String> = [
        "AuthorizationQueryParametersError", "SignatureDoesNotMatch", "InvalidAccessKeyId",
        "ExpiredToken", "InvalidToken", "InvalidArgument", "InvalidRequest", "InvalidDigest",
        "MalformedPOSTRequest", "MaxPostPreDataLengthExceeded", "MissingContentLength",
        "InvalidRange", "RequestTimeTooSkewed", "PermanentRedirect", "TemporaryRedirect",
    ]

    /// - Parameter requests: of an upload that succeeds.
    init(_ failure: FailureRate, _ requests: [BilledRequest]) {
        guard let status = failure.httpStatus else {
            // No answer: who counted the request, if anybody did, cannot be told.
            return
        }
        let firstAtS3 = requests.firstIndex {
            [.store, .accelerate].contains($0.role) && !$0.isPreflight
        }
        guard let firstAtS3, failure.isFromS3 else {
            // API Gateway's answers carry no code. That it bills what it refuses is not confirmed; the
            // call is counted, the function is not.
            let isAtAPI = requests.contains { $0.role == .api }
            if !failure.isFromClient, isAtAPI, (400..<500).contains(status) { refusal = .api }
            return
        }
        before = Array(requests[..<firstAtS3])
        let isBilled = (200..<500).contains(status) && !Self.freeCodes.contains(failure.errorCode)
        if isBilled { refusal = .s3 }
    }
}

extension FailureRate {
    /// Codes of the program's own browser begin so; the services saw no failure.
    var isFromClient: Bool { errorCode.hasPrefix("cors-") }

    /// S3's answers carry a code, the API's do not.
    var isFromS3: Bool { !errorCode.isEmpty && !isFromClient }
}
