import Testing

@testable import Presign

/// Forms that mean one thing to the policy and another to whoever stores the file.
@Suite struct PolicyBypassTests {
    private static let now = SigningTime(unixSeconds: 1_700_000_000)

    private func check(
        _ condition: PolicyCondition, _ fields: [NameValue]
    ) throws(SignatureFailure) {
        let policy = PostPolicy(
            expiration: Self.now.adding(seconds: 60),
            conditions: [.exact(field: "bucket", value: "b"), condition])
        try policy.check(fields: fields, bucket: "b", now: Self.now)
    }

    @Test func `names of fields differ unless their ASCII letters are the same`() {
        #expect("KEY".asciiLowercased == "key")
        #expect("X-Amz-Ünicode".asciiLowercased == "x-amz-Ünicode")
        #expect(Array("\u{212A}ey".asciiLowercased.utf8) == Array("\u{212A}ey".utf8))
    }

    @Test func `a field spelled with the Kelvin sign is not the key`() {
        let prefix = PolicyCondition.startsWith(field: "key", "users/me/")
        #expect(throws: SignatureFailure.self) {
            try check(prefix, [("\u{212A}ey", "users/me/"), ("key", "users/other/a")])
        }
        #expect(throws: Never.self) { try check(prefix, [("Key", "users/me/a")]) }
    }

    @Test(arguments: ["image/png,text/html", "image/png,\u{301}text/html", "image/png,"])
    func `each type of a list must match`(_ types: String) {
        #expect(throws: SignatureFailure.self) {
            try check(.startsWith(field: "content-type", "image/"), [("Content-Type", types)])
        }
    }

    @Test func `ranges without a common size allow none`() {
        let policy = PostPolicy(
            expiration: Self.now, conditions: [.contentLength(0...10), .contentLength(20...30)])
        for size: Int64 in [0, 5, 10, 15, 20, 25, 30] {
            #expect(throws: SignatureFailure.self) { try policy.check(sizeBytes: size) }
        }
    }
}
