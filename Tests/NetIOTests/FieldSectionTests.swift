import NetIO
import Testing

@Suite struct FieldSectionTests {
    private func parse(
        _ text: String, limits: FieldLimits = FieldLimits()
    ) throws -> [String] {
        var fields: [String] = []
        try Array(text.utf8).withUnsafeBytes { bytes in
            try FieldSection.parse(bytes, limits: limits) { name, value throws(SyntaxError) in
                fields.append(
                    "\(String(decoding: name, as: UTF8.self))=\(String(decoding: value, as: UTF8.self))"
                )
            }
        }
        return fields
    }

    @Test func `names and values come without the space around them`() throws {
        let text = "Host: a\r\nX:\r\nY:\t b c \r\n!#$%&'*+-.^_`|~09Az: é\r\n"
        #expect(try parse(text) == ["Host=a", "X=", "Y=b c", "!#$%&'*+-.^_`|~09Az=é"])
    }

    @Test(arguments: [
        "X: a\n", "X: a\r", "X: a", "X\r\n", ": a\r\n", "X : a\r\n", " X: a\r\n", "X: a\r\n b\r\n",
        "X: a\rb\r\n", "X: a\u{0}\r\n", "X: \u{7F}\r\n", "X(y): a\r\n", "\r\n", "é: a\r\n",
    ])
    func `a line that is not a field is refused`(_ text: String) {
        #expect(throws: SyntaxError.self) { try parse(text) }
    }

    @Test func `limits are named`() {
        let limits = FieldLimits(fieldsBytes: 20, fieldCount: 2)
        #expect(throws: SyntaxError.tooLarge(limit: "fieldCount", 2)) {
            try parse("A:\r\nB:\r\nC:\r\n", limits: limits)
        }
        #expect(throws: SyntaxError.tooLarge(limit: "fieldsBytes", 20)) {
            try parse("A: 123456789012345678901\r\n", limits: limits)
        }
    }

    @Test func `a value cannot add a field`() {
        var fields = HeaderFields()
        fields.append("A", "b\r\nC: d\u{0}")
        #expect(fields.map(\.name) == ["A"])
        #expect(fields.first("C") == nil)
    }

    @Test func `bytes that are not UTF-8 are kept apart`() {
        let fields = Array("A: ".utf8) + [0xE9, 0xFF] + Array("\r\n".utf8)
        let headers = fields.withUnsafeBytes { HeaderFields(parsed: $0) }
        #expect(headers.first("a") == "\u{E9}\u{FF}")
    }

    @Test(arguments: ["HTTP/1.1 200 OK", "HTTP/1.1 200 ", "HTTP/1.1 200", "HTTP/1.0 404 é"])
    func `a status line has a version and a status`(_ text: String) throws {
        let line = try Array(text.utf8).withUnsafeBytes { try StatusLine(parsing: $0) }
        #expect(line.status == (text.contains("404") ? 404 : 200))
        #expect(line.isVersion11 == text.hasPrefix("HTTP/1.1"))
    }

    @Test(arguments: [
        "", "HTTP/1.1", "HTTP/2.0 200 OK", "http/1.1 200 OK", "HTTP/1.1 099 x", "HTTP/1.1 600 x",
        "HTTP/1.1 2 0 OK", "HTTP/1.1 200OK", "HTTP/1.1\t200 OK", "HTTP/1.1 200 a\u{7}",
        "HTTP/1.x 200 ",
    ])
    func `anything else is no status line`(_ text: String) {
        #expect(throws: SyntaxError.self) {
            try Array(text.utf8).withUnsafeBytes { try StatusLine(parsing: $0) }
        }
    }

    @Test func `the end of a head is found however it is cut`() throws {
        let head = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\nrest".utf8)
        for cut in 0..<head.count {
            var scanner = HeadScanner()
            let first = try head.prefix(cut).withUnsafeBytes {
                try scanner.end(in: $0, limitBytes: 100)
            }
            let end = try head.withUnsafeBytes { try first ?? scanner.end(in: $0, limitBytes: 100) }
            #expect(end == head.count - 4)
        }
        var scanner = HeadScanner()
        #expect(throws: SyntaxError.tooLarge(limit: "headBytes", 10)) {
            try head.withUnsafeBytes { try scanner.end(in: $0, limitBytes: 10) }
        }
    }
}
