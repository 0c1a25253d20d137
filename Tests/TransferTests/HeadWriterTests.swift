import Testing
import Transfer

@Suite struct HeadWriterTests {
    private let origin = Origin(scheme: .http, host: "example.com", port: 8080)

    @Test func `a head has its request line, its host, its fields and a blank line`() {
        var writer = HeadWriter(method: "PUT", target: "/a?b", origin: origin)
        writer.field("Content-Length", 12)
        writer.field("X", "y")
        let head = String(decoding: writer.finished(), as: UTF8.self)
        #expect(
            head
                == """
                PUT /a?b HTTP/1.1\r\nHost: example.com:8080\r\nContent-Length: 12\r\nX: y\r\n\r\n
                """)
    }

    @Test func `a value cannot add a line`() {
        var writer = HeadWriter(method: "PUT", target: "/a\r\nEvil: 1", origin: origin)
        writer.field("X\n", "y\r\nEvil: 1\u{0}")
        let lines = String(decoding: writer.finished(), as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: true)
        #expect(lines == ["PUT /a  Evil: 1 HTTP/1.1", "Host: example.com:8080", "X : y  Evil: 1 "])
    }

    @Test func `a body's length is told, an empty PUT's too, a GET's not`() {
        func head(_ method: String, _ body: [BodySlice]) -> String {
            String(decoding: Request(method, "/", at: origin, body: body).head, as: UTF8.self)
        }
        let body = [BodySlice(bytes: [1, 2]), BodySlice(bytes: [3])]
        #expect(head("PUT", body).contains("Content-Length: 3\r\n"))
        #expect(head("PUT", []).contains("Content-Length: 0\r\n"))
        #expect(!head("GET", []).contains("Content-Length"))
    }
}
