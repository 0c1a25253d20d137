import Testing

@testable import Presign

@Suite struct URLPresignerTests {
    @Test func `every recorded presigned URL is reproduced to the byte`() throws {
        let file = "presigned_urls.json"
        let cases = try Vector.cases(file)
        var passed = 0
        for vector in cases {
            let (inputs, request) = (vector["inputs"], vector["request"])
            let (expected, id) = (vector["expected"], vector["id"].text)
            let key = try #require(Hex.decode(inputs["key_utf8_hex"].text))
            let endpoint = try inputs.endpoint()
            #expect(endpoint.host == request["host"].text, "\(id)")
            let signed = try URLPresigner(credentials: inputs.credentials, endpoint: endpoint)
                .presign(
                    method: request["method"].text, key: key, headers: request["headers"].pairs,
                    query: request["operation_query"].pairs,
                    expiresSeconds: inputs["expires"].number, at: inputs.signingTime("amz_date"))
            #expect(signed.canonicalRequest == expected["canonical_request"].text, "\(id)")
            #expect(signed.stringToSign == expected["string_to_sign"].text, "\(id)")
            #expect(signed.signedHeaders == expected["signed_headers"].text, "\(id)")
            #expect(signed.url == expected["url"].text, "\(id)")
            if signed.signature == expected["signature"].text { passed += 1 }
        }
        report(file, passed, of: cases.count)
        #expect(passed == cases.count)
    }

    @Test func `the fast signer gives the same URLs and targets`() throws {
        for vector in try Vector.cases("presigned_urls.json") {
            let (inputs, request) = (vector["inputs"], vector["request"])
            guard request["operation_query"].list.isEmpty else { continue }
            let presigner = URLPresigner(
                credentials: inputs.credentials, endpoint: try inputs.endpoint())
            var signer = try PresignedURLSigner(
                presigner, method: request["method"].text, headers: request["headers"].pairs,
                expiresSeconds: inputs["expires"].number)
            let time = try inputs.signingTime("amz_date")
            let key = try #require(Hex.decode(inputs["key_utf8_hex"].text))
            // Another key and another day before it, so that state left behind would show.
            _ = try signer.sign(key: "another", at: time.adding(seconds: -86400))
            _ = try signer.sign(key: String(repeating: "é", count: 500), at: time)
            let url = try key.withUnsafeBytes { try signer.sign(key: $0, at: time) }
            #expect(url == vector["expected"]["url"].text)
            var target = [UInt8](
                repeating: 0, count: signer.targetBytesLimit(keyBytes: key.count, at: time))
            let count = try key.withUnsafeBytes { key in
                try target.withUnsafeMutableBytes { try signer.store(key: key, at: time, to: $0) }
            }
            #expect(
                url.hasSuffix(
                    "\(request["host"].text)\(String(decoding: target[..<count], as: UTF8.self))"))
        }
    }

    @Test(arguments: [0, -1, 604_801])
    func `an expiry outside one second to seven days is refused`(seconds: Int) throws {
        let presigner = try Self.presigner()
        #expect(throws: SigningError.expiresOutOfRange(seconds: seconds)) {
            try presigner.presign(
                key: "k", expiresSeconds: seconds, at: SigningTime(unixSeconds: 0))
        }
    }

    @Test func `a key has one to 1024 bytes`() throws {
        let presigner = try Self.presigner()
        let time = SigningTime(unixSeconds: 0)
        #expect(throws: SigningError.keyEmpty) {
            try presigner.presign(key: "", expiresSeconds: 1, at: time)
        }
        #expect(throws: SigningError.keyTooLong(bytes: 1026)) {
            try presigner.presign(
                key: String(repeating: "é", count: 513), expiresSeconds: 1, at: time)
        }
        _ = try presigner.presign(
            key: String(repeating: "k", count: 1024), expiresSeconds: 1, at: time)
    }

    @Test func `a line break in a header value is refused`() throws {
        let presigner = try Self.presigner()
        #expect(throws: SigningError.headerInvalid(name: "x-amz-meta-a")) {
            try presigner.presign(
                key: "k", headers: [("x-amz-meta-a", "1\r\nhost: evil")], expiresSeconds: 1,
                at: SigningTime(unixSeconds: 0))
        }
    }

    @Test func `credentials never show their secret`() {
        let credentials = Credentials(accessKey: "AK", secretKey: "hidden", sessionToken: "token")
        var text = ""
        dump(credentials, to: &text)
        text += "\(credentials)" + String(reflecting: credentials)
        #expect(!text.contains("hidden") && !text.contains("token"))
    }

    private static func presigner() throws -> URLPresigner {
        URLPresigner(
            credentials: Credentials(accessKey: "AK", secretKey: "SK"),
            endpoint: try Endpoint(style: .virtualHosted, region: "eu-west-1", bucket: "bucket"))
    }
}
