import Testing

@testable import Presign

@Suite struct VersionTwoTests {
    /// The key and the query of the S3 User Guide's examples, "Signing and authenticating REST requests".
    private let credentials = Credentials(
        accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")

    private func verify(
        _ query: String, region: String = "us-east-1", at seconds: Int64 = 1_175_139_600
    ) throws(SignatureFailure) -> Authentication {
        let request = SignedRequest(
            method: "GET", rawPath: "/photos/puppy.jpg", rawQuery: query,
            headers: [("Host", "johnsmith.s3.amazonaws.com")],
            hostBucket: "johnsmith")
        return try SignatureVerifier(region: region).authenticate(
            request, now: SigningTime(unixSeconds: seconds)
        ) { $0 == credentials.accessKey ? credentials : nil }
    }

    private let query =
        "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620"

    @Test func `the documented presigned query is accepted`() throws {
        guard case .identified(let identity) = try verify(query) else {
            Issue.record("anonymous")
            return
        }
        #expect(identity.accessKey == credentials.accessKey)
    }

    @Test(arguments: [
        ("us-east-1", 1_175_139_621, "AccessDenied"),
        ("us-east-1", 1_175_139_600, "SignatureDoesNotMatch"),
        ("eu-central-1", 1_175_139_600, "InvalidRequest"),
    ])
    func `one that is late, wrong or in a newer region is refused`(
        region: String, seconds: Int, code: String
    ) {
        let wrong = query.replacing("Npg", with: "Xpg")
        #expect {
            _ = try verify(wrong, region: region, at: Int64(seconds))
        } throws: {
            ($0 as? SignatureFailure)?.code == code
        }
    }
}
