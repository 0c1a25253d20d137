import Testing

@testable import Testbed

/// What each role says with a status that it is made to answer, and what it leaves alone.
@Suite(.serialized, .timeLimit(.minutes(2))) struct RoleFailureTests {
    private func withTestbed(
        _ faults: [FaultRole: [Fault]], test: (Testbed) throws -> Void
    ) throws {
        var configuration = TestbedConfiguration(
            store: StoreConfiguration(credentials: [testCredentials]))
        configuration.faults = faults
        let testbed = try Testbed(configuration)
        defer { testbed.stop() }
        try test(testbed)
    }

    private func answer(
        _ url: String, _ line: String, host: String = "uploads.localhost"
    ) throws -> RawClient.Answer {
        let port = Int(url.split(separator: ":").last ?? "") ?? 0
        let client = try RawClient(port: port)
        client.send("\(line) HTTP/1.1\r\nHost: \(host)\r\nContent-Length: 0\r\n\r\n")
        return try client.answer()
    }

    @Test(arguments: [
        (400, "<Code>RequestTimeout</Code>"), (403, "<Code>AccessDenied</Code>"),
        (404, "<Code>NoSuchBucket</Code>"), (409, "<Code>OperationAborted</Code>"),
        (500, "<Code>InternalError</Code>"), (503, "<Code>SlowDown</Code>"),
    ])
    func `the store fails in S3's words, with its headers`(_ status: Int, _ code: String) throws {
        try withTestbed([.store: [Fault(.status(status))]]) { testbed in
            let answer = try answer(testbed.storeURL, "PUT /key")
            #expect(answer.status == status)
            #expect(answer.text.contains(code))
            #expect(answer.field("Content-Type") == "application/xml")
            #expect(answer.field("x-amz-request-id") != nil)
        }
    }

    @Test(arguments: FaultRole.allCases.flatMap { role in role.statuses.map { (role, $0) } })
    func `every status of a role is answered with a body`(
        _ role: FaultRole, _ status: Int
    ) throws {
        try withTestbed([role: [Fault(.status(status))]]) { testbed in
            let (url, line) =
                switch role {
                case .store: (testbed.storeURL, "PUT /key")
                case .gateway: (testbed.gatewayURL, "POST /reviews")
                case .edge: (testbed.edgeURL, "PUT /key")
                case .accelerate: (testbed.accelerateURL, "PUT /key")
                }
            let answer = try answer(url, line)
            #expect(answer.status == status)
            #expect(!answer.body.isEmpty)
            let form =
                switch role {
                case .store, .accelerate: "<Error><Code>"
                case .gateway: "{\"message\":\""
                case .edge: "<!DOCTYPE html>"
                }
            #expect(answer.text.contains(form), "\(answer.text)")
        }
    }

    @Test func `what only looks is left alone`() throws {
        let all = Dictionary(
            uniqueKeysWithValues: FaultRole.allCases.map { ($0, [Fault(.reset)]) })
        try withTestbed(all) { testbed in
            // Refused for want of a signature or a token, and so not by a fault.
            let looks = [
                (testbed.storeURL, "GET /?list-type=2", 403),
                (testbed.storeURL, "POST /?delete", 403),
                (testbed.storeURL, "OPTIONS /key", 400),
                (testbed.gatewayURL, "GET /signed-url", 200),
                (testbed.gatewayURL, "OPTIONS /signed-url?a=b", 204),
                (testbed.edgeURL, "GET /", 403),
            ]
            for (url, line, status) in looks {
                let answer = try answer(url, line)
                #expect(answer.status == status, "\(line)")
            }
        }
    }

    @Test(arguments: [
        ("GET /signed-url?filename=a", true), ("GET /signed-post?filename=a", true),
        ("POST /images", true), ("PUT /uploads/a", true), ("POST /reviews", true),
        ("POST /signed-multipart", true), ("GET /", false), ("GET /signed-url", false),
    ])
    func `each step of an upload at the gateway is struck`(
        _ line: String, _ isStruck: Bool
    ) throws {
        try withTestbed([.gateway: [Fault(.status(504))]]) { testbed in
            let answer = try answer(testbed.gatewayURL, line)
            #expect((answer.status == 504) == isStruck)
        }
    }
}
