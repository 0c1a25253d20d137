import Measure
import Scenarios
import Testing
import Transfer

/// Walks the strategies through answers, with no network.
@Suite struct PresignedScenarioTests {
    private let api = GatewayAPI(
        origin: Origin(scheme: .http, host: "api.test"), pathPrefix: "/prod", bucket: "b\"1",
        token: "secret")
    private let content = UploadContent(
        payload: Payload([1, 2, 3]), contentType: "image/png", fileName: "a b.png")

    private func sent(_ step: Step) throws -> (phase: Phase, head: String, body: String, Request) {
        guard case .send(let next) = step else { throw Unexpected() }
        let body = next.request.body.map { slice in
            switch slice {
            case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
            case .payload(let payload, let range): "<\(payload.buffer[range].count) bytes>"
            }
        }
        let head = String(decoding: next.request.head, as: UTF8.self)
        return (next.phase, head, body.joined(), next.request)
    }

    private func end(_ step: Step) throws -> UploadEnd {
        guard case .finished(let end) = step else { throw Unexpected() }
        return end
    }

    private struct Unexpected: Error {}

    private func answer(_ status: Int, _ body: String = "") -> Answer {
        Answer(status: status, body: Array(body.utf8))
    }

    private let signedURL =
        #"{"id": "users/u/k.png", "data": {"url": "http://s3.test:81/b/users/u/k.png?X-Amz-Signature=0"}}"#

    @Test func `a presigned PUT asks, uploads to the signed URL, and tells the API`() throws {
        let scenario = PresignedPut(.gateway(api))
        let ask = try sent(scenario.begin(content, unixSeconds: 0))
        #expect(ask.phase == .authorize)
        #expect(
            ask.head.hasPrefix(
                "GET /prod/signed-url?contentType=image%2Fpng&filename=a%20b.png HTTP/1.1\r\n"))
        #expect(ask.head.contains("\r\nAuthorization: Bearer secret\r\n"))
        let put = try sent(scenario.received(answer(200, signedURL), tag: 0, unixSeconds: 0))
        #expect(put.phase == .upload)
        #expect(
            put.head.hasPrefix(
                "PUT /b/users/u/k.png?X-Amz-Signature=0 HTTP/1.1\r\nHost: s3.test:81\r\n"))
        #expect(put.head.contains("\r\nContent-Length: 3\r\n"))
        #expect(!put.head.contains("secret"))
        #expect(put.body == "<3 bytes>")
        let tell = try sent(scenario.received(answer(200), tag: 0, unixSeconds: 0))
        #expect(tell.phase == .notify)
        #expect(
            tell.body == #"{"bucket":"b\u0022 1","key":"users/u/k.png"}"#.replacing(" ", with: ""))
        #expect(try end(scenario.received(answer(201), tag: 0, unixSeconds: 0)).outcome == .success)
    }

    @Test func `a presigned POST sends every field before the file and the right length`() throws {
        let scenario = PresignedPost(.gateway(api), boundary: "B")
        _ = scenario.begin(content, unixSeconds: 0)
        let form =
            #"{"id": "k", "data": {"url": "http://s3.test/b", "fields": {"key": "k", "policy": "p"}}}"#
        let post = try sent(scenario.received(answer(200, form), tag: 0, unixSeconds: 0))
        #expect(post.head.hasPrefix("POST /b HTTP/1.1\r\nHost: s3.test\r\n"))
        #expect(post.head.contains("multipart/form-data; boundary=B\r\n"))
        #expect(post.head.contains("\r\nContent-Length: \(post.3.bodyCount)\r\n"))
        let file = try #require(post.body.firstRange(of: "name=\"file\""))
        for field in ["name=\"key\"", "name=\"policy\""] {
            #expect(try #require(post.body.firstRange(of: field)).lowerBound < file.lowerBound)
        }
    }

    @Test(arguments: [
        (403, "<Error><Code>AccessDenied</Code></Error>", Outcome.refused, "AccessDenied"),
        (503, "<Error><Code>SlowDown</Code></Error>", .serverError, "SlowDown"),
        (302, "", .unexpectedAnswer, ""),
        (400, "<Code>\u{1B}[31m</Code>", .refused, ""),
    ])
    func `an upload that S3 refuses ends with its class and code`(
        status: Int, body: String, outcome: Outcome, code: String
    ) throws {
        let scenario = PresignedPut(.gateway(api))
        _ = scenario.begin(content, unixSeconds: 0)
        _ = scenario.received(answer(200, signedURL), tag: 0, unixSeconds: 0)
        let end = try end(scenario.received(answer(status, body), tag: 0, unixSeconds: 0))
        #expect(end == UploadEnd(outcome, httpStatus: status, errorCode: code))
    }

    @Test(arguments: [
        "", "{}", #"{"id": 1}"#, #"{"id": "k", "data": {"url": "ftp://x/"}}"#,
        #"{"id": "k", "data": {"url": "http://x/a b"}}"#,
        #"{"id": "", "data": {"url": "http://x/k"}}"#,
    ])
    func `a permission that cannot be used ends the upload as unexpected`(body: String) throws {
        let scenario = PresignedPut(.gateway(api))
        _ = scenario.begin(content, unixSeconds: 0)
        let end = try end(scenario.received(answer(200, body), tag: 0, unixSeconds: 0))
        #expect(end.outcome == .unexpectedAnswer)
    }
}
