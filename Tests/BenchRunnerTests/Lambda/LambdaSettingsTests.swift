import Presign
import Testbed
import Testing

@testable import BenchRunner

@Suite struct LambdaSettingsTests {
    private let environment = [
        "UPLOADBENCH_BUCKET": "my-bucket", "UPLOADBENCH_USER": "bench",
        "AWS_REGION": "eu-central-1",
        "UPLOADBENCH_TOKEN_SHA256": String(repeating: "0a", count: 32), "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "a-secret-key", "AWS_SESSION_TOKEN": "session",
    ]

    private func settings(_ changes: [String: String] = [:]) throws -> LambdaSettings {
        try LambdaSettings(environment.merging(changes) { $1 })
    }

    @Test func `the store is AWS's, the bucket in its host`() throws {
        let gateway = try settings().gateway
        #expect(gateway.remote?.endpoint.host == "my-bucket.s3.eu-central-1.amazonaws.com")
        #expect(gateway.remote?.endpoint.scheme == "https")
        #expect(gateway.remote?.accelerated == nil)
        #expect(gateway.expiresSeconds == 300)
        #expect(gateway.credentials.sessionToken == "session")
        #expect(gateway.tokenDigest?.bytes == [UInt8](repeating: 10, count: 32))
    }

    @Test func `acceleration is there when the bucket has it`() throws {
        let gateway = try settings(["UPLOADBENCH_ACCELERATION": "Enabled"]).gateway
        #expect(gateway.remote?.accelerated?.host == "my-bucket.s3-accelerate.amazonaws.com")
    }

    @Test func `another S3 has the bucket in its path`() throws {
        let gateway = try settings(["AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000"]).gateway
        #expect(gateway.remote?.endpoint.host == "127.0.0.1:9000")
        #expect(gateway.remote?.endpoint.pathPrefix == "/my-bucket")
    }

    @Test(arguments: [
        ("UPLOADBENCH_USER", "a/b"), ("UPLOADBENCH_USER", ".."), ("UPLOADBENCH_USER", ""),
        ("UPLOADBENCH_TOKEN_SHA256", "0a"), ("UPLOADBENCH_EXPIRES", "604801"),
        ("UPLOADBENCH_ALLOWED_ORIGIN", "example.com"), ("UPLOADBENCH_ACCELERATION", "yes"),
        ("AWS_REGION", "eu central"), ("AWS_SECRET_ACCESS_KEY", ""),
    ])
    func `what is wrong is named, and its value is not`(_ name: String, _ value: String) throws {
        let problem = try #require(throws: LambdaSettings.Problem.self) {
            try settings([name: value])
        }
        if name != "AWS_REGION" { #expect(problem.message.hasPrefix(name)) }
        #expect(!problem.message.contains("a-secret-key"))
    }
}
