import Measure
import Scenarios
import Testing
import Transfer

@Suite struct EdgeRedirectTests {
    private func edge(_ scheme: Origin.Scheme = .http) -> GatewayAPI {
        GatewayAPI(
            origin: Origin(scheme: scheme, host: "edge.test"), pathPrefix: "", bucket: "b",
            token: "t")
    }

    private func walk(
        expects: Bool = false, _ content: UploadContent = Walk.content(), tls: Bool = false
    ) -> Walk {
        let scenario = EdgeRedirect(
            edge: edge(tls ? .https : .http), api: Walk.api, expectsContinue: expects)
        return Walk(scenario, content)
    }

    private let location = "http://s3.test:81/b/users/u/k%20%C3%A9.png?X-Amz-Signature=0"

    @Test func `the same PUT goes to the edge, to where it points, and is reviewed by its key`() {
        let walk = walk()
        #expect(walk.lines == ["PUT /a%20b.png"])
        #expect(walk.phases == [.authorize])
        #expect(walk.head.contains("\r\nHost: edge.test\r\n"))
        #expect(walk.head.contains("\r\nAuthorization: Bearer t\r\n"))
        #expect(walk.body == "<3 bytes>")
        walk.answer(307, "", [("Location", location)])
        #expect(walk.lines == ["PUT /b/users/u/k%20%C3%A9.png?X-Amz-Signature=0"])
        #expect(walk.phases == [.upload])
        #expect(walk.head.contains("\r\nHost: s3.test:81\r\n"))
        #expect(walk.head.contains("\r\nContent-Type: image/png\r\nContent-Length: 3\r\n"))
        #expect(walk.body == "<3 bytes>")
        walk.answer(200)
        #expect(walk.phases == [.notify])
        #expect(walk.body == #"{"bucket":"b","key":"users/u/k é.png"}"#)
        #expect(walk.answer(201).end?.outcome == .success)
    }

    @Test func `the token stays with the edge`() {
        #expect(!walk().answer(307, "", [("Location", location)]).head.contains("Bearer"))
    }

    @Test(arguments: [(true, 3, true), (true, 0, false), (false, 3, false)])
    func `a body waits for leave when there is one and it is asked to`(
        expects: Bool, byteCount: Int, waits: Bool
    ) {
        let walk = walk(expects: expects, Walk.content(byteCount))
        #expect(walk.head.contains("\r\nExpect: 100-continue\r\n") == waits)
        #expect(walk.requests.map(\.request.expectsContinue) == [waits])
        walk.answer(307, "", [("Location", location)])
        #expect(!walk.head.contains("Expect"))
    }

    @Test(arguments: [
        ("http://s3.test/b/k", "k"), ("http://b.s3.test/k", "k"),
        ("http://b.s3.test/b/k", "b/k"), ("http://s3.test/b/k%2Fl%2B+?x=/b/", "k/l++"),
    ])
    func `the key is read from a path of either style`(location: String, key: String) {
        let walk = walk().answer(307, "", [("Location", location)]).answer(200)
        #expect(walk.body == #"{"bucket":"b","key":"\#(key)"}"#)
    }

    @Test(arguments: [
        (307, ""), (307, "/b/k"), (307, "ftp://s3.test/b/k"), (307, "http://s3.test/b/"),
        (307, "http://s3.test/b/k k"), (302, "http://s3.test/b/k"), (200, ""),
    ])
    func `an answer that is not a redirect to an object ends the upload`(
        status: Int, location: String
    ) {
        let walk = walk().answer(status, "", location.isEmpty ? [] : [("Location", location)])
        #expect(walk.end?.outcome == .unexpectedAnswer)
        #expect(walk.end?.httpStatus == status)
    }

    @Test func `a redirect out of TLS is not followed`() {
        let walk = walk(tls: true).answer(307, "", [("Location", location)])
        #expect(walk.end?.outcome == .unexpectedAnswer)
    }

    @Test func `a wrong token is refused at the edge`() {
        #expect(walk().answer(401).end == UploadEnd(.refused, httpStatus: 401))
    }
}
