import Testing

@testable import Presign

@Suite struct JSONLimitTests {
    @Test func `a document of more values than its reader allows is refused`() throws {
        let three = Array("[1, {\"a\": 2}]".utf8)
        #expect(throws: Never.self) { try JSONParser.parse(three, valueLimit: 4) }
        let error = #expect(throws: JSONError.self) { try JSONParser.parse(three, valueLimit: 3) }
        #expect(error?.reason == "more than 3 values")
    }
}
