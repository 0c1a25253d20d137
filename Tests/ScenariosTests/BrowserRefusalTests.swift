import Measure
import Scenarios
import Testing
import Transfer

/// What a browser keeps from a page, and what becomes of the upload.
@Suite struct BrowserRefusalTests {
    private typealias Fields = [(name: String, value: String)]

    private let named: Fields = [("Access-Control-Allow-Origin", "*")]
    private var allowing: Fields {
        named + [
            ("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE"),
            ("Access-Control-Allow-Headers", "authorization,content-type"),
        ]
    }
    private var etag: Fields {
        named + [("ETag", "\"e\""), ("Access-Control-Expose-Headers", "etag")]
    }
    private let signed = """
        {"id": "k", "data": {"uploadId": "U", "partBytes": 5242880,
         "parts": ["http://s3.test/1", "http://s3.test/2"],
         "complete": "http://s3.test/complete", "abort": "http://s3.test/abort"}}
        """

    /// Two parts, each allowed and under way; their tags.
    private func parts() -> (Walk, [Int]) {
        let scenario = PresignedMultipart(.gateway(Walk.api), partBytes: 5_242_880, window: 4)
        let walk = Walk(BrowserClient(wrapping: scenario), Walk.content(6 << 20))
        walk.answer(204, "", allowing).answer(200, signed, named)
        #expect(walk.lines == ["OPTIONS /1", "OPTIONS /2"])
        let tags = walk.requests.map(\.tag).map { asked in
            walk.answer(204, "", allowing, tag: asked).requests.first?.tag ?? -1
        }
        return (walk, tags)
    }

    @Test func `parts whose ETag is hidden end the upload, which is taken back`() {
        let (walk, tags) = parts()
        let hidden = named + [("ETag", "\"e\"")]
        #expect(walk.answer(200, "", hidden, tag: tags[0]).lines.isEmpty)
        #expect(walk.answer(200, "", hidden, tag: tags[1]).lines == ["OPTIONS /abort"])
        #expect(walk.answer(204, "", allowing).lines == ["DELETE /abort"])
        let end = walk.answer(204, "", named).end
        #expect(end == UploadEnd(.refused, httpStatus: 200, errorCode: "cors-etag-hidden"))
    }

    @Test func `a part whose answer is withheld is not sent again`() {
        let (walk, tags) = parts()
        #expect(walk.answer(503, tag: tags[0]).lines.isEmpty)
        #expect(walk.answer(200, "", etag, tag: tags[1]).lines == ["OPTIONS /abort"])
        // That the page may not even abort changes nothing in why the upload ended.
        let end = walk.answer(403).end
        #expect(end == UploadEnd(.refused, httpStatus: 503, errorCode: "cors-refused"))
    }

    @Test func `a part that the page may see fail is sent again, without asking twice`() {
        let (walk, tags) = parts()
        #expect(walk.answer(503, "", named, tag: tags[0]).lines == ["PUT /1"])
    }

    @Test func `a failure that the page saw stays the upload's when its abort is refused`() {
        let (walk, tags) = parts()
        walk.answer(403, "<Code>AccessDenied</Code>", named, tag: tags[0])
        walk.answer(200, "", etag, tag: tags[1])
        #expect(walk.lines == ["OPTIONS /abort"])
        let end = walk.answer(403).end
        #expect(end == UploadEnd(.refused, httpStatus: 403, errorCode: "AccessDenied"))
    }

    @Test func `an upload that the run cut off is cancelled, not refused`() {
        let (walk, tags) = parts()
        walk.lose(.cancelled, tag: tags[0]).lose(.cancelled, tag: tags[1])
        #expect(walk.lines == ["OPTIONS /abort"])
        #expect(walk.answer(403).end?.outcome == .cancelled)
    }

    @Test func `a redirect is no answer to a preflight`() {
        let walk = Walk(
            BrowserClient(wrapping: PresignedPut(.gateway(Walk.api))), Walk.content())
        let moved = allowing + [("Location", "http://elsewhere.test/")]
        let end = walk.answer(307, "", moved).end
        #expect(end == UploadEnd(.refused, httpStatus: 307, errorCode: "cors-preflight-refused"))
    }

    @Test func `a redirect that the page may not read is not followed`() {
        let scenario = EdgeRedirect(edge: Walk.api, api: Walk.api, expectsContinue: false)
        let walk = Walk(BrowserClient(wrapping: scenario), Walk.content())
        walk.answer(204, "", allowing).answer(307, "", [("Location", "http://s3.test/b/k")])
        #expect(walk.end?.errorCode == "cors-refused")
    }

    @Test func `the store behind a redirect has to allow a page without a name`() {
        let scenario = EdgeRedirect(edge: Walk.api, api: Walk.api, expectsContinue: false)
        let walk = Walk(
            BrowserClient(wrapping: scenario, pageOrigin: "https://p"), Walk.content())
        walk.answer(204, "", allowing)
        walk.answer(307, "", named + [("Location", "http://s3.test/b/k")])
        #expect(walk.head.contains("\r\nOrigin: null\r\n"))
        let byName: Fields = [
            ("Access-Control-Allow-Origin", "https://p"), ("Access-Control-Allow-Methods", "PUT"),
            ("Access-Control-Allow-Headers", "content-type"),
        ]
        #expect(walk.answer(200, "", byName).end?.errorCode == "cors-preflight-refused")
    }
}
