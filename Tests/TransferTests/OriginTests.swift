import Testing
import Transfer

@Suite struct OriginTests {
    @Test(arguments: [
        ("http://example.com", "example.com", 80, "example.com"),
        ("HTTPS://example.com/path?q", "example.com", 443, "example.com"),
        ("https://example.com:8443?q", "example.com", 8443, "example.com:8443"),
        ("http://127.0.0.1:9000/", "127.0.0.1", 9000, "127.0.0.1:9000"),
        ("http://[::1]:9000#x", "[::1]", 9000, "[::1]:9000"),
        ("http://[2001:db8::1]", "[2001:db8::1]", 80, "[2001:db8::1]"),
        ("http://example.com:80", "example.com", 80, "example.com"),
    ])
    func `a URL's origin is taken from its front`(
        _ url: String, _ host: String, _ port: Int, _ authority: String
    ) throws {
        let origin = try #require(Origin(url: url))
        #expect(origin.host == host)
        #expect(origin.port == port)
        #expect(origin.authority == authority)
    }

    @Test(arguments: [
        "", "example.com", "ftp://example.com", "http://", "http://:80", "http://a b",
        "http://user@example.com", "http://example.com:0", "http://example.com:65536",
        "http://example.com:8x", "http://[::1", "http://[::1]x", "http://exa\r\nmple.com",
    ])
    func `what is not an http URL has no origin`(_ url: String) {
        #expect(Origin(url: url) == nil)
    }

    @Test(arguments: [
        ("localhost", true), ("b.LOCALHOST", true), ("127.0.0.1", true), ("[::1]", true),
        ("127.example.com", false), ("example.com", false), ("localhost.example.com", false),
    ])
    func `only names and addresses of this machine are loopback`(_ host: String, _ is: Bool) {
        #expect(Origin(scheme: .http, host: host).isLoopback == `is`)
    }
}
