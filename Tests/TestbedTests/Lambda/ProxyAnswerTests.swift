import Presign
import Testing

@testable import Testbed

@Suite struct ProxyAnswerTests {
    private let response = HTTPResponse(
        status: 200,
        headers: [("X-A", "1"), ("Set-Cookie", "a=1"), ("x-a", "2"), ("Set-Cookie", "b=2")],
        body: .bytes([0xFF, 0xD8]))

    @Test func `format 1_0 has lists of values, and bytes that are no text in Base64`() throws {
        let answer = try JSONParser.parse(ProxyAnswer.render(response, .version1))
        #expect(answer["statusCode"]?.number == "200")
        let fields = answer["multiValueHeaders"]
        #expect(fields?["x-a"]?.array?.compactMap(\.string) == ["1", "2"])
        #expect(fields?["set-cookie"]?.array?.compactMap(\.string) == ["a=1", "b=2"])
        #expect(answer["body"]?.string == "/9g=")
        #expect(isTrue(answer["isBase64Encoded"]))
    }

    @Test func `format 2_0 joins values, and has cookies apart`() throws {
        let answer = try JSONParser.parse(ProxyAnswer.render(response, .version2))
        #expect(answer["headers"]?["x-a"]?.string == "1, 2")
        #expect(answer["headers"]?["set-cookie"] == nil)
        #expect(answer["cookies"]?.array?.compactMap(\.string) == ["a=1", "b=2"])
    }

    @Test func `text stays text`() throws {
        let response = HTTPResponse(status: 404, body: .bytes(Array("{\"ü\": 1}".utf8)))
        let answer = try JSONParser.parse(ProxyAnswer.render(response, .version1))
        #expect(answer["body"]?.string == "{\"ü\": 1}")
        #expect(!isTrue(answer["isBase64Encoded"]))
    }

    private func isTrue(_ value: JSONValue?) -> Bool {
        if case .bool(true)? = value { return true }
        return false
    }

    @Test func `a stream that is at hand is sent whole, one that breaks off is an error`() throws {
        let whole = HTTPResponse(status: 200, body: .stream(Source([1, 2, 3]), length: 3))
        let answer = try JSONParser.parse(ProxyAnswer.render(whole, .version1))
        #expect(answer["body"]?.string == "\u{1}\u{2}\u{3}")
        let cut = HTTPResponse(status: 200, body: .stream(Source([1, 2]), length: 3))
        let error = try JSONParser.parse(ProxyAnswer.render(cut, .version1))
        #expect(error["statusCode"]?.number == "500")
    }

    private final class Source: BodySource {
        private var bytes: [UInt8]
        init(_ bytes: [UInt8]) { self.bytes = bytes }

        func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
            guard let byte = bytes.first, !buffer.isEmpty else { return 0 }
            bytes.removeFirst()
            buffer[0] = byte
            return 1
        }
    }
}
