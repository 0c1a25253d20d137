import NetIO
import Presign
import Testing

@testable import Testbed

@Suite struct ProxyEventTests {
    private func event(_ json: String) throws -> ProxyEvent {
        try ProxyEvent(JSONParser.parse(Array(json.utf8)))
    }

    @Test func `format 1_0 gives every value of a field and of a parameter`() throws {
        let event = try event(
            """
            {"httpMethod": "GET", "path": "/signed-url", "headers": {"X-A": "2"},
             "multiValueHeaders": {"X-A": ["1", "2"]}, "queryStringParameters": {"n": "b&c"},
             "multiValueQueryStringParameters": {"n": ["a b", "b&c"], "empty": [""]}, "body": null}
            """)
        #expect(event.format == .version1)
        #expect(event.request.headers.all("x-a") == ["1", "2"])
        #expect(event.request.rawQuery == "n=a%20b&n=b%26c&empty=")
        #expect(event.request.contentLength == nil)
    }

    @Test func `format 1_0 does without its lists`() throws {
        let event = try event(
            """
            {"httpMethod": "POST", "path": "/reviews", "headers": {"Authorization": "Bearer x"},
             "queryStringParameters": {"n": "1"}, "body": "{}", "isBase64Encoded": false}
            """)
        #expect(event.request.headers.first("authorization") == "Bearer x")
        #expect(event.request.rawQuery == "n=1")
        #expect(event.body == Array("{}".utf8))
        #expect(event.request.contentLength == 2)
    }

    @Test func `format 2_0 gives its cookies as one field and its query as it was sent`() throws {
        let event = try event(
            """
            {"version": "2.0", "rawPath": "/a", "rawQueryString": "x=%2F&y", "cookies": ["a=1", "b=2"],
             "headers": {"accept": "text/html,*/*"}, "requestContext": {"http": {"method": "PUT"}},
             "body": "/9j/", "isBase64Encoded": true}
            """)
        #expect(event.format == .version2)
        #expect(event.request.headers.first("Cookie") == "a=1; b=2")
        #expect(event.request.rawQuery == "x=%2F&y")
        #expect(event.body == [0xFF, 0xD8, 0xFF])
        #expect(event.request.contentLength == 3)
    }

    @Test(arguments: [
        ("$default", "/v1/a", "/v1/a"), ("v1", "/v1/a", "/a"), ("v1", "/v10/a", "/v10/a"),
        ("v1", "/a", "/a"),
    ])
    func `a stage is taken off the path only where the path begins with it`(
        _ stage: String, _ path: String, _ expected: String
    ) throws {
        let event = try event(
            """
            {"version": "2.0", "rawPath": "\(path)",
             "requestContext": {"stage": "\(stage)", "http": {"method": "GET"}}}
            """)
        #expect(event.request.rawPath == expected)
    }

    @Test(arguments: [
        ("/a%20b", "/a%20b"), ("/a b", "/a%20b"), ("/ü", "/%C3%BC"), ("/100%", "/100%25"),
        ("/a?b#c", "/a%3Fb%23c"), ("/a\r\nX: y", "/a%0D%0AX:%20y"),
    ])
    func `what cannot stand in a path is escaped, and escapes are left alone`(
        _ path: String, _ expected: String
    ) {
        #expect(EventFields.escaped(path) == expected)
    }

    @Test func `a field cannot bring a second one along`() throws {
        let event = try event(
            #"{"httpMethod": "GET", "path": "/", "headers": {"X-A": "1\r\nAuthorization: Bearer x"}}"#
        )
        #expect(event.request.headers.first("Authorization") == nil)
    }
}
