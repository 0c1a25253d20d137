import Measure
import NetIO
import Testing
import Transfer

@testable import Scenarios

/// The Fetch standard's rules, a row each.
@Suite struct PreflightTests {
    private typealias Fields = [(name: String, value: String)]

    private func preflight(
        _ method: String, _ fields: String = "", path: String = "/k", page: String = "https://p",
        scheme: Origin.Scheme = .http
    ) -> Preflight {
        let origin = Origin(scheme: scheme, host: "s3.test")
        let request = Request(
            origin: origin,
            head: Array("\(method) \(path) HTTP/1.1\r\nHost: s3.test\r\n\(fields)\r\n".utf8))
        return Preflight(
            head: RequestHeadText(request), origin: origin, pageOrigin: page, connectionGroup: 0)
    }

    private func answer(_ fields: [(name: String, value: String)], status: Int = 204) -> Answer {
        Answer(status: status, headers: HeaderFields(fields))
    }

    @Test(
        arguments: [
            ("accept", "*/*", []), ("accept", "a(b", ["accept"]),
            ("accept-language", "de-CH, de;q=0.9", []),
            ("accept-language", "a_b", ["accept-language"]),
            ("content-type", "text/plain ; charset=utf-8", []),
            ("content-type", "TEXT/PLAIN", []),
            ("content-type", "text/plain; a=\"b\"", ["content-type"]),
            ("content-type", "image/png", ["content-type"]),
            ("range", "bytes=0-", []), ("range", "bytes=5-9", []),
            ("range", "bytes=9-5", ["range"]),
            ("range", "bytes=-5", ["range"]), ("range", "bytes=0-1,3-4", ["range"]),
            ("authorization", "Bearer t", ["authorization"]),
            ("content-length", "3", []), ("x-own", "1", ["x-own"]),
            ("accept", String(repeating: "a", count: 128), []),
            ("accept", String(repeating: "a", count: 129), ["accept"]),
        ] as [(String, String, [String])])
    func `a field is safe by its name and value`(
        _ name: String, _ value: String, _ unsafe: [String]
    ) {
        #expect(CORSFields.unsafeNames([(name, value)]) == unsafe)
    }

    @Test func `unsafe names are lower-case, sorted, and each there once`() {
        let fields = [("X-B", "1"), ("Authorization", "t"), ("x-b", "2"), ("X-A", "3")]
        #expect(CORSFields.unsafeNames(fields) == ["authorization", "x-a", "x-b"])
    }

    @Test func `safe fields are unsafe together when they are long`() {
        let long = String(repeating: "a", count: 128)
        let fields = Array(repeating: (name: "Accept", value: long), count: 9)
        #expect(CORSFields.unsafeNames(Array(fields.prefix(8))) == [])
        #expect(CORSFields.unsafeNames(fields) == ["accept"])
    }

    /// Method, fields, Allow-Methods, Allow-Headers, whether the request may be sent.
    @Test(arguments: [
        ("PUT", "", "PUT", "", true), ("PUT", "", "put", "", false), ("PUT", "", "*", "", true),
        ("PUT", "", "GET ,\u{20}PUT", "", true), ("PUT", "", "", "", false),
        ("GET", "X-A: 1\r\n", "", "x-a", true), ("GET", "X-A: 1\r\n", "", "X-A", true),
        ("GET", "X-A: 1\r\n", "", "*", true), ("GET", "X-A: 1\r\n", "", "", false),
        ("GET", "Authorization: t\r\n", "", "*", false),
        ("GET", "Authorization: t\r\n", "", "*, Authorization", true),
        ("POST", "Content-Type: application/json\r\n", "", "content-type", true),
    ])
    func `an answer allows by method and by name`(
        _ method: String, _ fields: String, _ methods: String, _ names: String, _ isAllowed: Bool
    ) {
        let answer = answer([
            ("Access-Control-Allow-Origin", "https://p"), ("Access-Control-Allow-Methods", methods),
            ("Access-Control-Allow-Headers", names),
        ])
        #expect(preflight(method, fields).isAllowed(by: answer) == isAllowed)
    }

    @Test(arguments: [
        (["*"], true), (["https://p"], true), ([], false), (["https://q"], false),
        (["null"], false), (["https://P"], false), (["https://p", "https://p"], false),
        (["*", "*"], false),
    ])
    func `an answer must name the page or everyone, once`(_ values: [String], _ names: Bool) {
        let answer = answer(values.map { ("Access-Control-Allow-Origin", $0) })
        #expect(Preflight.names(answer, pageOrigin: "https://p") == names)
    }

    @Test func `lists may stand in several fields`() {
        let several = answer([
            ("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "GET"),
            ("Access-Control-Allow-Methods", "PUT"),
        ])
        #expect(preflight("PUT").isAllowed(by: several))
    }

    @Test(
        arguments: [
            (nil, 5), ("10", 10), ("7200", 7200), ("7201", 7200), ("0", 0), ("-1", 0), ("soon", 5),
            ("99999999999999999999", 5),
        ] as [(String?, Int64)])
    func `an answer is kept as long as it says, within Chromium's bound`(
        _ value: String?, _ seconds: Int64
    ) {
        let answer = answer(value.map { [("Access-Control-Max-Age", $0)] } ?? [])
        #expect(Preflight.maxAge(answer) == seconds)
    }

    // MARK: The cache

    private var kept: Answer {
        answer([
            ("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "PUT, PATCH"),
            ("Access-Control-Allow-Headers", "X-A, *"), ("Access-Control-Max-Age", "10"),
        ])
    }

    @Test func `an answer allows all that it lists, for its time, to its page and URL`() {
        var cache = PreflightCache()
        cache.keep(preflight("PUT"), kept, unixSeconds: 100)
        let asked: [(Preflight, Int64, Bool)] = [
            (preflight("PUT"), 109, true), (preflight("PUT"), 110, false),
            (preflight("PATCH"), 100, true), (preflight("DELETE"), 100, false),
            (preflight("GET", "X-A: 1\r\n"), 100, true),
            (preflight("GET", "X-B: 1\r\n"), 100, true),
            (preflight("GET", "Authorization: t\r\n"), 100, false),
            (preflight("PUT", path: "/k?s=1"), 100, false),
            (preflight("PUT", page: "null"), 100, false),
            (preflight("PUT", scheme: .https), 100, false),
        ]
        for (preflight, time, allows) in asked {
            #expect(cache.allows(preflight, unixSeconds: time) == allows)
        }
    }

    @Test func `an answer with no life is not kept`() {
        var cache = PreflightCache()
        let fields: Fields = [
            ("Access-Control-Allow-Methods", "PUT"), ("Access-Control-Max-Age", "0"),
        ]
        cache.keep(preflight("PUT"), answer(fields), unixSeconds: 0)
        #expect(!cache.allows(preflight("PUT"), unixSeconds: 0))
    }

    @Test func `a request that came to nothing clears its URL alone`() {
        var cache = PreflightCache()
        cache.keep(preflight("PUT"), kept, unixSeconds: 0)
        cache.keep(preflight("PUT", path: "/other"), kept, unixSeconds: 0)
        cache.forget(preflight("PUT"))
        #expect(!cache.allows(preflight("PUT"), unixSeconds: 0))
        #expect(cache.allows(preflight("PUT", path: "/other"), unixSeconds: 0))
    }

    @Test func `a long run of signed URLs does not fill the memory`() {
        var cache = PreflightCache()
        for index in 0..<5000 {
            cache.keep(preflight("PUT", path: "/\(index)"), kept, unixSeconds: 0)
        }
        #expect(!cache.allows(preflight("PUT", path: "/0"), unixSeconds: 0))
        #expect(cache.allows(preflight("PUT", path: "/4999"), unixSeconds: 0))
    }

    // MARK: The browser around it

    private func asks(_ browser: BrowserClient) -> Walk { Walk(browser, Walk.content()) }

    private func allow(_ walk: Walk) -> Walk {
        walk.answer(
            204, "",
            [
                ("Access-Control-Allow-Origin", "*"),
                ("Access-Control-Allow-Headers", "authorization"),
            ])
    }

    @Test(arguments: [false, true])
    func `a browser asks anew with each upload only if it is to forget`(_ forgets: Bool) {
        let browser = BrowserClient(
            wrapping: PresignedPut(.gateway(Walk.api)), forgetsBetweenUploads: forgets)
        #expect(allow(asks(browser)).head.hasPrefix("GET "))
        #expect(asks(browser).head.hasPrefix("OPTIONS ") == forgets)
    }

    @Test func `a request that is lost makes the browser ask again`() {
        let browser = BrowserClient(wrapping: PresignedPut(.gateway(Walk.api)))
        #expect(allow(asks(browser)).lose().end?.outcome == .connectionLost)
        #expect(asks(browser).head.hasPrefix("OPTIONS "))
    }

    @Test func `a page needs no leave of its own origin`() {
        let browser = BrowserClient(
            wrapping: PresignedPut(.gateway(Walk.api)), pageOrigin: "http://api.test")
        let walk = asks(browser)
        #expect(walk.head.hasPrefix("GET /signed-url"))
        #expect(!walk.head.contains("Origin"))
        walk.answer(200, #"{"id": "k", "data": {"url": "http://s3.test/k"}}"#)
        #expect(walk.head.hasPrefix("OPTIONS /k "))
    }

    @Test func `a redirect by the page's own origin keeps its name`() {
        let scenario = EdgeRedirect(edge: Walk.api, api: Walk.api, expectsContinue: false)
        let walk = asks(BrowserClient(wrapping: scenario, pageOrigin: "http://api.test"))
        walk.answer(307, "", [("Location", "http://s3.test/b/k")])
        #expect(walk.head.contains("\r\nOrigin: http://api.test\r\n"))
    }

    @Test func `a form is posted unasked, with its sender's name`() {
        let scenario = PresignedPost(.gateway(Walk.api), boundary: "B")
        let walk = allow(asks(BrowserClient(wrapping: scenario)))
        let form = #"{"id": "k", "data": {"url": "http://s3.test/b", "fields": {"key": "k"}}}"#
        walk.answer(200, form, [("Access-Control-Allow-Origin", "*")])
        #expect(walk.head.hasPrefix("POST /b "))
        #expect(walk.head.contains("\r\nOrigin: https://app.example\r\n"))
    }

    @Test func `a preflight is of the phase of its request, and carries no file`() {
        let scenario = ProxyBinary(Walk.api)
        let walk = asks(BrowserClient(wrapping: scenario))
        #expect(walk.head.hasPrefix("OPTIONS /uploads/"))
        #expect(walk.phases == [.upload])
        #expect(walk.requests.map(\.carriesFile) == [false])
        #expect(walk.body.isEmpty)
    }
}
