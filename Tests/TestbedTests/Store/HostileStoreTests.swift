import Foundation
import Presign
import Testing

@testable import Testbed

/// What must neither hold the store up nor be taken for more than it is.
@Suite struct HostileStoreTests {
    private static func rules(_ patterns: String) -> [UInt8] {
        let rule =
            "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>\(patterns)</CORSRule>"
        return Array("<CORSConfiguration>\(rule)</CORSConfiguration>".utf8)
    }

    private func preflight(_ client: StoreClient, _ names: [String], origin: String = "http://a")
        -> SeenAnswer
    {
        client.send(
            "OPTIONS", "/uploads/k",
            headers: [
                ("Origin", origin), ("Access-Control-Request-Method", "PUT"),
                ("Access-Control-Request-Headers", names.joined(separator: ",")),
            ])
    }

    @Test func `rules of more than 64 KiB are refused, as S3 has it`() throws {
        let client = try StoreClient()
        let many = Self.rules(String(repeating: "<AllowedHeader>a*a</AllowedHeader>", count: 1900))
        #expect(many.count < 65_536)
        #expect(client.put("/uploads?cors", many).status == 200)
        let more = many + [UInt8](repeating: 0x20, count: 65_537 - many.count)
        let refused = client.put("/uploads?cors", more)
        #expect(refused.element("Code") == "MaxMessageLengthExceeded")
        #expect(refused.element("MaxMessageLengthBytes") == "65536")
    }

    @Test func `a preflight names no more fields than a request may have`() throws {
        let client = try StoreClient()
        #expect(preflight(client, (1...200).map { "x-\($0)" }).status == 200)
        let refused = preflight(client, (1...201).map { "x-\($0)" })
        #expect(refused.element("Code") == "AccessForbidden")
        #expect(preflight(client, .init(repeating: "ab", count: 4000)).status == 403)
    }

    @Test(arguments: [
        ("x-a", "x-a", true), ("x-a", "x-ab", false), ("X-A", "x-a", true), ("*", "x-a", true),
        ("x-*", "x-", true), ("x-*", "x", false), ("*-b", "a-b", true), ("*-b", "a-bc", false),
        ("a*a", "a", false), ("a*a", "aa", true), ("a*a", "aba", true),
        ("\u{E9}*", "\u{E9}x", true),
        ("x-*", "X-Amz", true),
    ])
    func `a pattern has one wildcard, and header names no case`(
        _ pattern: String, _ name: String, _ isAllowed: Bool
    ) throws {
        let client = try StoreClient()
        client.put("/uploads?cors", Self.rules("<AllowedHeader>\(pattern)</AllowedHeader>"))
        #expect((preflight(client, [name]).status == 200) == isAllowed)
    }

    @Test(arguments: ["<!---->", "<![CDATA[]]>", "<b/>", "a<!---->"])
    func `all markup counts as elements do`(_ item: String) throws {
        func document(_ count: Int) -> [UInt8] {
            Array("<a>\(String(repeating: item, count: count))</a>".utf8)
        }
        #expect(try XMLReader.read(document(99_999)).name == "a")
        #expect(throws: S3Failure.malformedXML) { try XMLReader.read(document(100_000)) }
    }

    @Test func `instructions and comments around the root count too`() {
        for item in ["<?a?>", "<!-- b -->"] {
            let text = String(repeating: item, count: 100_000) + "<a/>"
            #expect(throws: S3Failure.malformedXML) { try XMLReader.read(Array(text.utf8)) }
        }
    }

    @Test(arguments: [
        ("&#65;&#x42;&#x1F600;", "AB\u{1F600}"), ("&amp;&lt;&gt;&quot;&apos;", "&<>\"'"),
        ("<!-- - -- > -->x", "x"), ("<![CDATA[]]]]>x", "]]x"),
    ])
    func `text is what it stands for`(_ text: String, _ meant: String) throws {
        #expect(try XMLReader.read(Array("<a>\(text)</a>".utf8)).string == meant)
    }

    @Test(arguments: [
        "&#;", "&#x;", "&#xG;", "&#1a;", "&#+1;", "&#-1;", "&#x110000;", "&#xD800;",
        "&#99999999999;",
        "&;", "&amp", "&AMP;", "&", "<!-->", "<!--->", "<a:/>", "<:/>",
    ])
    func `text that stands for nothing is refused`(_ text: String) {
        #expect(throws: S3Failure.malformedXML) {
            try XMLReader.read(Array("<a>\(text)</a>".utf8))
        }
    }

    @Test(arguments: [
        ("DELETE", "/uploads/k", "x-amz-if-match-size"),
        ("DELETE", "/uploads/k", "x-amz-if-match-last-modified-time"),
        ("PUT", "/uploads/k", "x-amz-write-offset-bytes"),
        ("PUT", "/uploads/k", "x-amz-copy-source-if-match"),
        ("PUT", "/uploads/k", "x-amz-copy-source-if-unmodified-since"),
    ])
    func `what is asked under a condition that the store has not is not done`(
        _ method: String, _ target: String, _ name: String
    ) throws {
        let client = try StoreClient()
        client.put("/uploads/k", [1])
        let answer = client.signed(
            method, target, headers: [("x-amz-copy-source", "/uploads/k"), (name, "1")], body: [2])
        #expect(answer.element("Code") == "NotImplemented")
        #expect(client.signed("GET", "/uploads/k").body == [1])
    }

    @Test func `objects are not deleted without a look at their conditions`() throws {
        let client = try StoreClient()
        client.put("/uploads/k", [1])
        for condition in ["<ETag>x</ETag>", "<VersionId>x</VersionId>", "<Size>9</Size>"] {
            let body = Array("<Delete><Object><Key>k</Key>\(condition)</Object></Delete>".utf8)
            let answer = client.signed(
                "POST", "/uploads?delete",
                headers: [("content-md5", Base64.encode(MD5.digest(body)))], body: body)
            #expect(answer.element("Code") == "NotImplemented")
        }
        #expect(client.signed("GET", "/uploads/k").status == 200)
    }

    @Test(arguments: [
        ("a/../b", true), ("a/b/../../c", true), ("a/..", true), ("..a/...", true), (".", true),
        ("a/..b/../..", true), ("..", false), ("../a", false), ("a/../../b", false),
        ("videos/../../v", false), ("./../a", false), ("/../a", false),
        ("\u{E9}/\u{1F600}", true),
    ])
    func `a key may not lead out of its bucket, were it a path`(_ key: String, _ isAllowed: Bool)
        throws
    {
        let client = try StoreClient()
        let path = String(
            decoding: PercentEncoding.encode(Array(key.utf8), keepingSlash: true), as: UTF8.self)
        let answer = client.put("/uploads/\(path)", [1])
        #expect(answer.status == (isAllowed ? 200 : 400))
        #expect(answer.element("Code") == (isAllowed ? nil : "InvalidURI"))
    }

    @Test(arguments: ["%FF", "a%C0%AF", "%ED%A0%80", "%F4%90%80%80", "a%E9"])
    func `a key is UTF-8, and so is whatever a document says of one`(_ key: String) throws {
        let client = try StoreClient()
        #expect(client.put("/uploads/\(key)", [1]).element("Code") == "InvalidURI")
        var xml = XMLWriter()
        xml.text("Prefix", PercentEncoding.decode(key.utf8))
        #expect(String(validating: xml.bytes, as: UTF8.self) != nil)
    }

    @Test(arguments: [
        "partNumber=1&partNumber=2", "uploadId=x&uploadId=y", "partNumber=1&partNumber=1",
    ])
    func `a part's number and upload are given once`(_ query: String) throws {
        let client = try StoreClient()
        client.put("/uploads/k", [1])
        let answer = client.signed("GET", "/uploads/k?\(query)")
        #expect(answer.status == 400)
        #expect(answer.element("Code") == "InvalidArgument")
    }

    @Test(arguments: ["/uploads/k?partNumber=%2B1", "/uploads?list-type=2&max-keys=%2B1"])
    func `a number has no sign`(_ target: String) throws {
        let client = try StoreClient()
        client.put("/uploads/k", [1])
        #expect(client.signed("GET", target).element("Code") == "InvalidArgument")
    }

    @Test(arguments: [
        ("http://a", true), ("HTTPS://a/b?c", true), ("http://a/b c", false),
        ("http://a/\r\nX: y", false),
        ("http://a/\0", false), ("http://a/\t", false), ("http://a/\u{7F}", false),
        ("/relative", false),
    ])
    func `a redirect goes to a URL`(_ url: String, _ isUsable: Bool) {
        let fields = FormFields(fields: [("success_action_redirect", url)])
        #expect(fields.redirect == (isUsable ? url : nil))
    }

    @Test(arguments: [
        ("image/png", false), ("image/png,image/png", false), ("text/html, image/png", false),
        ("image/png,text/html", false), ("text/html", true), ("text/html,text/plain", true),
    ])
    func `each type of a list has to be the file's`(_ type: String, _ isPlausible: Bool) {
        #expect(ContentSniffer.isPlausible(type, Array("<script>".utf8)) == isPlausible)
    }

    @Test func `a log line steers no terminal and stays one line`() throws {
        let text = "{\"path\":\"/\u{9B}31m\u{85}\u{2028}\u{202E}\u{7F}\u{E9}\"}"
        let line = String(decoding: RequestLog.escaped(Array(text.utf8)), as: UTF8.self)
        #expect(line == "{\"path\":\"/\\u009b31m\\u0085\\u2028\\u202e\\u007f\u{E9}\"}")
        let before = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String]
        let after = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
        #expect(before == after)
    }
}
