import Measure
import NetIO
import Testing
import Transfer

@testable import Scenarios

@Suite struct BrowserClientTests {
    private let content = UploadContent(
        payload: Payload([1, 2, 3]), contentType: "image/png", fileName: "a.png")
    private let api = GatewayAPI(
        origin: Origin(scheme: .http, host: "api.test"), pathPrefix: "", bucket: "b", token: "t")

    private func head(_ step: Step) -> String {
        switch step {
        case .send(let next): String(decoding: next.request.head, as: UTF8.self)
        default: ""
        }
    }

    private func tag(_ step: Step) -> Int {
        if case .send(let next) = step { return next.tag }
        return -1
    }

    private func end(_ step: Step) -> UploadEnd? {
        if case .finished(let end) = step { return end }
        return nil
    }

    private func answer(
        _ status: Int, _ body: String = "", _ fields: [(name: String, value: String)] = []
    ) -> Answer {
        Answer(
            status: status,
            headers: HeaderFields([(name: "Access-Control-Allow-Origin", value: "*")] + fields),
            body: Array(body.utf8))
    }

    private var allowing: Answer {
        answer(
            204, "",
            [
                ("Access-Control-Allow-Methods", "GET, POST, PUT"),
                ("Access-Control-Allow-Headers", "Authorization, content-type"),
                ("Access-Control-Max-Age", "10"),
            ])
    }

    private func request(_ method: String, _ fields: String) -> Request {
        Request(
            origin: Origin(scheme: .http, host: "s3.test"),
            head: Array("\(method) /k HTTP/1.1\r\nHost: s3.test\r\n\(fields)\r\n".utf8))
    }

    @Test(
        arguments: [
            ("GET", "", false), ("GET", "Authorization: Bearer t\r\n", true),
            ("PUT", "Content-Length: 3\r\n", true), ("DELETE", "", true),
            ("POST", "Content-Type: multipart/form-data; boundary=b\r\n", false),
            ("POST", "Content-Type: text/plain\r\n", false),
            ("POST", "Content-Type: application/json\r\n", true),
            ("POST", "Accept: */*\r\n", false), ("POST", "X-Own: 1\r\n", true),
        ])
    func `what a page may send unasked is sent unasked`(
        _ method: String, _ fields: String, _ isAsked: Bool
    ) {
        #expect(RequestHeadText(request(method, fields)).needsPreflight == isAsked)
    }

    @Test func `the question names the method and the fields in order`() {
        let browser = BrowserClient(wrapping: PresignedPut(.gateway(api)), pageOrigin: "https://p")
        let asked = head(browser.begin(content, unixSeconds: 0))
        #expect(asked.hasPrefix("OPTIONS /signed-url?"))
        #expect(asked.contains("\r\nOrigin: https://p\r\n"))
        #expect(asked.contains("\r\nAccess-Control-Request-Method: GET\r\n"))
        #expect(asked.contains("\r\nAccess-Control-Request-Headers: authorization\r\n"))
        #expect(!asked.contains("Bearer"))
    }

    @Test func `an allowed request follows, and its answer is remembered for a while`() {
        let browser = BrowserClient(wrapping: PresignedPut(.gateway(api)), pageOrigin: "https://p")
        for (time, asks) in [(0, true), (9, false), (10, true), (12, false)] as [(Int64, Bool)] {
            let first = browser.begin(content, unixSeconds: time)
            #expect(head(first).hasPrefix("OPTIONS") == asks)
            guard asks else { continue }
            let next = browser.received(allowing, tag: tag(first), unixSeconds: time)
            #expect(head(next).hasPrefix("GET /signed-url"))
            #expect(head(next).contains("\r\nOrigin: https://p\r\n"))
        }
    }

    @Test func `each signed URL is asked for anew`() throws {
        let browser = BrowserClient(wrapping: PresignedPut(.gateway(api)))
        let first = browser.begin(content, unixSeconds: 0)
        let get = browser.received(allowing, tag: tag(first), unixSeconds: 0)
        let signed = answer(200, #"{"id": "k", "data": {"url": "http://s3.test/k?s=1"}}"#)
        let asked = browser.received(signed, tag: tag(get), unixSeconds: 0)
        #expect(head(asked).hasPrefix("OPTIONS /k?s=1 "))
        let put = browser.received(allowing, tag: tag(asked), unixSeconds: 0)
        guard case .send(let sent) = put else { throw Unexpected() }
        #expect(head(put).hasPrefix("PUT /k?s=1 "))
        #expect(sent.request.sendsWholeBody)
    }

    private struct Unexpected: Error {}

    @Test(
        arguments: [
            [("Access-Control-Allow-Methods", "GET")],
            [("Access-Control-Allow-Headers", "*"), ("Access-Control-Allow-Methods", "*")],
            [("Access-Control-Allow-Headers", "content-type")],
        ])
    func `a question that is not answered well ends the upload`(
        _ fields: [(name: String, value: String)]
    ) {
        let browser = BrowserClient(wrapping: PresignedPut(.gateway(api)))
        let first = browser.begin(content, unixSeconds: 0)
        let end = end(browser.received(answer(204, "", fields), tag: tag(first), unixSeconds: 0))
        #expect(end?.outcome == .refused)
        #expect(end?.errorCode == "cors-preflight-refused")
    }

    @Test func `an answer without leave to read it ends the upload`() {
        let browser = BrowserClient(wrapping: PresignedPut(.gateway(api)))
        let first = browser.begin(content, unixSeconds: 0)
        let get = browser.received(allowing, tag: tag(first), unixSeconds: 0)
        let bare = Answer(status: 413, headers: HeaderFields(), body: [])
        let end = end(browser.received(bare, tag: tag(get), unixSeconds: 0))
        #expect(end?.errorCode == "cors-refused")
        #expect(end?.httpStatus == 413)
    }

    @Test func `behind a redirect to another origin the page has no name`() {
        let browser = BrowserClient(
            wrapping: EdgeRedirect(edge: api, api: api, expectsContinue: true))
        let first = browser.begin(content, unixSeconds: 0)
        let put = browser.received(allowing, tag: tag(first), unixSeconds: 0)
        #expect(!head(put).contains("Expect"))
        let moved = answer(307, "", [("Location", "http://s3.test/b/users/u/k?s=1")])
        let asked = browser.received(moved, tag: tag(put), unixSeconds: 0)
        #expect(head(asked).hasPrefix("OPTIONS /b/users/u/k?s=1 "))
        #expect(head(asked).contains("\r\nOrigin: null\r\n"))
    }

    @Test func `a life in the cache is at most two hours`() {
        let long = answer(204, "", [("Access-Control-Max-Age", "86400")])
        #expect(Preflight.maxAge(long) == 7200)
        #expect(Preflight.maxAge(answer(204)) == 5)
    }
}
