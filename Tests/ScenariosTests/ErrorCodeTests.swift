import Scenarios
import Testing

@Suite struct ErrorCodeTests {
    @Test(arguments: [
        ("<Error><Code>SlowDown</Code></Error>", "SlowDown"),
        (#"{"message":"Request Too Long"}"#, ""),
        ("HTTP content length exceeded 10485760 bytes.", ""),
        (#"{"message":"Forbidden"}"#, ""),
        ("", ""),
        ("<Code></Code>", ""),
        ("<Code>never closed", ""),
        // A target may not put its text, or a signature that it has seen, into the results.
        ("<Code>\u{1B}[31m</Code>", ""),
        ("<Code>0123456789abcdef0123456789abcdef</Code>", ""),
        ("<Code>\(String(repeating: "x", count: 49))</Code>", ""),
    ])
    func `a refusal's code is a short word or nothing`(_ body: String, _ code: String) {
        #expect(ErrorCode.find(in: Array(body.utf8)) == code)
    }
}
