import Presign
import Scenarios
import Testing
import Transfer

/// Uploads whose object is known before an API has told its key.
@Suite struct RequestNameTests {
    private static let uuid = RandomSource(seed: 7).uuid()
    private static let field = "\r\nIdempotency-Key: \(uuid)\r\n"

    private func content(_ fileName: String) -> UploadContent {
        UploadContent(
            payload: Payload(byteCount: 3, prefix: [1, 2, 3], seed: 1), contentType: "image/png",
            fileName: fileName)
    }

    @Test(arguments: [
        ("a b.png", ".png"), ("a.b.JPG", ".jpg"), (".hidden", ""), ("none", ""), ("x.", ""),
        ("x.\u{e9}", ""), ("x.averyveryverylong", ""), ("x.abcdefghijk", ".abcdefghijk"),
        ("a.b/c", ""),
    ])
    func `the key follows from the request's name and the file's plain extension`(
        fileName: String, suffix: String
    ) {
        let scenario = ProxyJSON(Walk.api, names: RandomSource(seed: 7))
        let walk = Walk(scenario, content(fileName))
        #expect(walk.head.contains(Self.field))
        #expect(scenario.writtenKey == .name(Self.uuid + suffix))
    }

    @Test func `what the API tells counts, whether it takes names or not`() {
        let scenario = ProxyJSON(Walk.api, names: RandomSource(seed: 7))
        Walk(scenario, content("a.png")).answer(201, #"{"id": "users/u/other.png"}"#)
        #expect(scenario.writtenKey == .key("users/u/other.png"))
    }

    @Test func `each request has a name of its own`() {
        let scenario = ProxyJSON(Walk.api, names: RandomSource())
        #expect(Walk(scenario, Walk.content()).head != Walk(scenario, Walk.content()).head)
    }

    @Test func `nothing is named where nobody has to find it again`() {
        let scenario = ProxyJSON(Walk.api)
        #expect(!Walk(scenario, Walk.content()).head.contains("Idempotency-Key"))
        #expect(scenario.writtenKey == nil)
    }

    private func multipart(_ more: String) -> (PresignedMultipart, Walk) {
        let scenario = PresignedMultipart(
            .gateway(Walk.api), partBytes: 5_242_880, window: 1, names: RandomSource(seed: 7))
        let walk = Walk(scenario, Walk.content())
        #expect(walk.head.contains(Self.field))
        #expect(scenario.writtenKey == .name("\(Self.uuid).png"))
        walk.answer(
            200,
            """
            {"id": "users/u/k", "data": {"parts": ["http://s3.test/k?p"], \
            "complete": "http://s3.test/k?c", "abort": "http://s3.test/k?a"\(more)}}
            """)
        #expect(scenario.writtenKey == .key("users/u/k"))
        walk.answer(200, "", [("ETag", "e")])
        #expect(walk.lines == ["POST /k?c"])
        return (scenario, walk)
    }

    @Test func `a completion says that it is for a new key where it was signed so`() {
        let (_, walk) = multipart(#", "completeHeaders": {"If-None-Match": "*"}"#)
        #expect(walk.head.contains("\r\nIf-None-Match: *\r\n"))
    }

    @Test(arguments: [
        "", #", "completeHeaders": {}"#,
        #", "completeHeaders": {"If-None-Match": "*\r\nX-Evil: 1", "Host": "evil.test"}"#,
    ])
    func `an answer puts no other field into a request`(_ more: String) {
        let (_, walk) = multipart(more)
        #expect(!walk.head.contains("If-None-Match"))
        #expect(!walk.head.lowercased().contains("evil"))
    }
}
