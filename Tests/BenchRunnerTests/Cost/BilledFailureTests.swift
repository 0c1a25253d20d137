import Testing

@testable import BenchRunner

@Suite struct BilledFailureTests {
    private let requests = RequestWalk(
        strategy: .presignedPost, client: .native, signer: .gateway
    ).requests()

    private func billed(_ status: Int?, _ code: String) -> BilledFailure {
        BilledFailure(
            FailureRate(httpStatus: status, errorCode: code, perUpload: 0.1), requests)
    }

    @Test(arguments: [
        (400, "EntityTooLarge"), (400, "EntityTooSmall"), (400, "BadDigest"),
        (412, "PreconditionFailed"), (403, "AccessDenied"),
    ])
    func `S3's refusals are billed, and what came before them`(status: Int, code: String) {
        let failure = billed(status, code)
        #expect(failure.refusal == .s3)
        #expect(failure.before.map(\.name) == ["GET /signed-post"])
    }

    @Test(arguments: [
        (403, "SignatureDoesNotMatch"), (400, "InvalidArgument"), (400, "MalformedPOSTRequest"),
        (400, "ExpiredToken"), (411, "MissingContentLength"), (503, "SlowDown"),
        (500, "InternalError"),
    ])
    func `refusals on S3's list and its 5xx are not billed, but what came before them is`(
        status: Int, code: String
    ) {
        let failure = billed(status, code)
        #expect(failure.refusal == nil)
        #expect(failure.before.map(\.name) == ["GET /signed-post"])
    }

    @Test func `an answer without a code is the API's, none at all is nobody's`() {
        #expect(billed(413, "").refusal == .api)
        #expect(billed(429, "").before.isEmpty)
        #expect(billed(502, "").refusal == nil)
        #expect(billed(nil, "connect-refused").refusal == nil)
        #expect(billed(200, "cors-refused").refusal == nil)
    }
}
