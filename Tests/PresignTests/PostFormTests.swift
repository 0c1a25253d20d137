import Testing

@testable import Presign

extension PolicyCondition {
    /// A condition as the recorded inputs have it, given as JSON.
    fileprivate static func list(_ vector: Vector) -> [PolicyCondition] {
        vector.list.map { element in
            if let member = element.members.first {
                return .exact(field: member.key, value: member.value.text)
            }
            let words = element.list
            switch words[0].text {
            case "eq": return .equals(operand: words[1].text, value: words[2].text)
            case "starts-with": return .startsWith(operand: words[1].text, prefix: words[2].text)
            default:
                return .contentLength(Int64(words[1].number)...Int64(words[2].number))
            }
        }
    }
}

@Suite struct PostFormTests {
    @Test func `every recorded presigned form is reproduced to the byte`() throws {
        let file = "presigned_posts.json"
        let cases = try Vector.cases(file)
        var passed = 0
        for vector in cases {
            let (inputs, expected) = (vector["inputs"], vector["expected"])
            let names = Set(inputs["fields"].members.keys)
            let given = expected["fields_in_order"].pairs
            let fields = Array(given.prefix { names.contains($0.name) })
            let conditions = PolicyCondition.list(inputs["conditions"])
            var signer = try PostFormSigner(
                credentials: inputs.credentials, endpoint: try inputs.endpoint(), fields: fields,
                conditions: conditions, expiresSeconds: inputs["expires"].number)
            let time = try inputs.signingTime("amz_date")
            _ = try signer.sign(key: "before", at: time.adding(seconds: -86400))
            _ = try signer.sign(key: String(repeating: "ü\"", count: 340), at: time)
            let form = try signer.sign(key: inputs["key"].text, at: time)
            let json = try #require(Base64.decode(form.policy))
            #expect(String(decoding: json, as: UTF8.self) == expected["policy_json"].text)
            #expect(form.policy == expected["policy_base64"].text)
            #expect(form.url == expected["url"].text)
            #expect(form.fields.map(\.name) == given.map(\.name))
            #expect(form.fields.map(\.value) == given.map(\.value))
            #expect(try PostPolicy(json: json).json == json)
            if form.signature == expected["signature"].text { passed += 1 }
        }
        report(file, passed, of: cases.count)
        #expect(passed == cases.count)
    }

    @Test func `a key of any length meets the prepared parts of the policy`() throws {
        let endpoint = try Endpoint(style: .path, region: "eu-west-1", bucket: "bucket")
        let credentials = Credentials(accessKey: "AK", secretKey: "SK")
        let time = SigningTime(unixSeconds: 1_700_000_000)
        var signer = try PostFormSigner(
            credentials: credentials, endpoint: endpoint, expiresSeconds: 60)
        for count in 1...200 {
            let key = String(repeating: "k", count: count)
            let form = try signer.sign(key: key, at: time)
            let policy = PostPolicy(
                expiration: time.adding(seconds: 60),
                conditions: [
                    .exact(field: "bucket", value: "bucket"), .exact(field: "key", value: key),
                ]
                    + PostFormSigner.exactly(form.authentication))
            #expect(form.policy == Base64.encode(policy.json))
            let scope = CredentialScope(date: time.scopeDate, region: "eu-west-1")
            let expected = SigningKey(credentials, scope: scope).signature(
                of: Array(form.policy.utf8))
            #expect(form.signature == expected)
        }
    }

    @Test(arguments: [
        ("{\"expiration\": \"2030-01-01T00:00:00Z\"}", "Policy missing conditions."),
        ("{\"conditions\": []}", "Policy missing expiration."),
        ("{\"expiration\": \"2030-01-01T00:00:00Z\", \"conditions\": [null]}", "Invalid JSON."),
        (
            "{\"expiration\": \"2030-01-01T00:00:00Z\", \"conditions\": [[\"content-length-range\", 1.5, 2]]}",
            "Invalid JSON."
        ),
        (
            "{\"expiration\": \"2030-01-01 00:00:00Z\", \"conditions\": []}",
            "Invalid 'expiration' value: '2030-01-01 00:00:00Z'"
        ),
        ("{\"expiration\": \"2030-01-01T00:00:00Z\", \"conditions\": []} x", "Invalid JSON."),
        (
            "{\"expiration\": \"2030-01-01T00:00:00Z\", \"conditions\": [], \"conditions\": []}",
            "Invalid JSON."
        ),
        (
            "{\"expiration\": \"2030-01-01T00:00:00Z\", \"expiration\": \"2001-01-01T00:00:00Z\", \"conditions\": []}",
            "Invalid JSON."
        ),
    ])
    func `a policy document that S3 cannot use is refused with its text`(json: String, text: String)
    {
        #expect(throws: PolicyDocumentError(message: "Invalid Policy: \(text)")) {
            try PostPolicy(json: Array(json.utf8))
        }
    }

    @Test func `names ignore case, values compare as bytes`() throws {
        let policy = PostPolicy(
            expiration: SigningTime(unixSeconds: 10),
            conditions: [
                .equals(operand: "$KEY", value: "\u{E9}"), .exact(field: "bucket", value: "b"),
            ])
        let now = SigningTime(unixSeconds: 0)
        try policy.check(fields: [("Key", "\u{E9}")], bucket: "b", now: now)
        #expect(throws: SignatureFailure.self) {
            try policy.check(fields: [("key", "e\u{301}")], bucket: "b", now: now)
        }
    }

    @Test func `a policy without the bucket is refused`() throws {
        let policy = PostPolicy(
            expiration: SigningTime(unixSeconds: 10),
            conditions: [.equals(operand: "$key", value: "k")])
        #expect(
            throws: SignatureFailure.accessDenied(
                "Invalid according to Policy: Extra input fields: bucket")
        ) {
            try policy.check(
                fields: [("key", "k")], bucket: "b", now: SigningTime(unixSeconds: 0))
        }
    }

    @Test func `the size bounds are inclusive`() throws {
        let policy = PostPolicy(
            expiration: SigningTime(unixSeconds: 10), conditions: [.contentLength(5...10)])
        try policy.check(sizeBytes: 5)
        try policy.check(sizeBytes: 10)
        #expect(throws: SignatureFailure.entityTooSmall(4, limitBytes: 5)) {
            try policy.check(sizeBytes: 4)
        }
        #expect(throws: SignatureFailure.entityTooLarge(11, limitBytes: 10)) {
            try policy.check(sizeBytes: 11)
        }
    }

    @Test(arguments: [
        ("C:\\photos\\a.jpg", "u/a.jpg"), ("/home/a.jpg", "u/a.jpg"), ("", "u/"),
    ])
    func `the file name variable takes the last part of a path`(name: String, key: String) {
        let fields = FilenameVariable.replaced(in: [("key", "u/${filename}")], by: name)
        #expect(fields[0].value == key)
    }

    @Test func `without a file name the variable stays`() {
        let fields = FilenameVariable.replaced(in: [("key", "u/${filename}")], by: nil)
        #expect(fields[0].value == "u/${filename}")
    }
}
