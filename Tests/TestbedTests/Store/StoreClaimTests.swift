import NetIO
import Presign
import Testing

@testable import Testbed

/// Nothing that a request claims of its body or asks for on a condition goes unread.
@Suite struct StoreClaimTests {
    private let target = "/uploads/k"
    private let hello = Array("hello".utf8)
    private static let crc32 = "NhCmhg=="
    private static let md5 = "XUFAKrxLKna5cZ2REBfFkg=="
    private static let sha512 =
        "m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw=="

    /// A PUT of `hello` in chunks, with trailers behind them.
    private func putChunks(
        _ client: StoreClient, announcing announced: String?, _ trailers: [String],
        headers: [NameValue] = []
    ) -> SeenAnswer {
        let body = "5\r\nhello\r\n0\r\n" + trailers.map { "\($0)\r\n" }.joined() + "\r\n"
        let framing: [NameValue] = [
            ("x-amz-decoded-content-length", "5"), ("content-encoding", "aws-chunked"),
        ]
        return client.signed(
            "PUT", target,
            headers: framing + (announced.map { [("x-amz-trailer", $0)] } ?? []) + headers,
            body: Array(body.utf8), payload: .streaming("STREAMING-UNSIGNED-PAYLOAD-TRAILER"))
    }

    @Test(arguments: [("md5", md5), ("sha512", sha512)])
    func `S3's newer digests are verified and kept`(name: String, value: String) throws {
        let field = "x-amz-checksum-\(name)"
        let size = try #require(Base64.decode(value)).count
        let wrong = Base64.encode([UInt8](repeating: 1, count: size))
        let client = try StoreClient()
        let refused = client.put(target, hello, headers: [(field, wrong)])
        #expect(refused.element("Code") == "BadDigest")
        #expect(
            putChunks(client, announcing: field, ["\(field):\(wrong)"]).element("Code")
                == "BadDigest")
        #expect(client.signed("GET", target).status == 404)
        #expect(putChunks(client, announcing: field, ["\(field):\(value)"]).status == 200)
        #expect(client.put(target, hello, headers: [(field, value)]).header(field) == value)
        let head = client.signed("HEAD", target, headers: [("x-amz-checksum-mode", "ENABLED")])
        #expect(head.header(field) == value)
    }

    @Test(arguments: [
        ("x-amz-checksum-xxhash64", "NotImplemented"), ("x-amz-checksum-xxhash3", "NotImplemented"),
        ("x-amz-checksum-xxhash128", "NotImplemented"), ("x-amz-checksum-foo", "InvalidRequest"),
        ("X-Amz-Checksum-Foo", "InvalidRequest"), ("x-amz-checksum-sha-256", "InvalidRequest"),
    ])
    func `a checksum that the store cannot compute is refused`(name: String, code: String) throws {
        let client = try StoreClient()
        let value = "AQEBAQEBAQE="
        let answer = client.put(target, hello, headers: [(name, value)])
        #expect(answer.element("Code") == code)
        let trailer = putChunks(client, announcing: name, ["\(name):\(value)"])
        #expect(trailer.element("Code") == code)
        let part = client.signed("POST", target + "?uploads").element("UploadId") ?? ""
        let partAnswer = client.put(
            "\(target)?partNumber=1&uploadId=\(part)", hello, headers: [(name, value)])
        #expect(partAnswer.element("Code") == code)
        #expect(client.signed("GET", target).status == 404)
    }

    @Test(arguments: [("XXHASH64", "NotImplemented"), ("BOGUS", "InvalidRequest")])
    func `an algorithm that the store has not is refused wherever it is named`(
        name: String, code: String
    ) throws {
        let client = try StoreClient()
        client.put("/uploads/source", hello)
        let algorithm: [NameValue] = [("x-amz-checksum-algorithm", name)]
        let upload = client.signed("POST", target + "?uploads", headers: algorithm)
        #expect(upload.element("Code") == code)
        let copy = client.signed(
            "PUT", target, headers: [("x-amz-copy-source", "/uploads/source")] + algorithm)
        #expect(copy.element("Code") == code)
        let put = client.put(target, hello, headers: [("x-amz-sdk-checksum-algorithm", name)])
        #expect(put.element("Code") == code)
    }

    @Test(
        arguments: [
            (["x-amz-checksum-crc32:AAAAAA=="], nil), (["x-amz-checksum-foo:x"], nil),
            (["x-amz-checksum-sha1:x", "x-amz-checksum-crc32:\(crc32)"], "x-amz-checksum-crc32"),
            ([], "x-amz-checksum-crc32"), (["x-amz-checksum-crc32:\(crc32)"], "x-amz-other"),
            (
                ["x-amz-checksum-crc32:\(crc32)", "x-amz-checksum-crc32:AAAAAA=="],
                "x-amz-checksum-crc32"
            ),
        ] as [([String], String?)])
    func `a trailer is what was announced, once`(trailers: [String], announced: String?) throws {
        let client = try StoreClient()
        #expect(putChunks(client, announcing: announced, trailers).status == 400)
        #expect(client.signed("GET", target).status == 404)
    }

    @Test func `a checksum comes before or behind the body, not both`() throws {
        let client = try StoreClient()
        let field = "x-amz-checksum-crc32"
        for (header, trailer) in [(Self.crc32, "AAAAAA=="), ("AAAAAA==", Self.crc32)] {
            let answer = putChunks(
                client, announcing: field, ["\(field):\(trailer)"], headers: [(field, header)])
            #expect(answer.element("Code") == "InvalidRequest")
        }
        #expect(client.signed("GET", target).status == 404)
    }

    @Test(arguments: [
        ("content-md5", [md5, "1B2M2Y8AsgTpgAmY7PhCfg=="], "InvalidDigest"),
        ("x-amz-checksum-crc32", [crc32, "AAAAAA=="], "InvalidRequest"),
        ("x-amz-storage-class", ["STANDARD", "STANDARD_IA"], "InvalidStorageClass"),
        ("x-amz-sdk-checksum-algorithm", ["CRC32", "SHA1"], "InvalidRequest"),
    ])
    func `of two different values none is passed over`(
        name: String, values: [String], code: String
    ) throws {
        for values in [values, values.reversed()] {
            let client = try StoreClient()
            let answer = client.put(target, hello, headers: values.map { (name, $0) })
            #expect(answer.status == 400)
            #expect(answer.element("Code") == code)
        }
    }

    @Test func `a header and its like in the query are two values`() throws {
        let client = try StoreClient()
        let answer = client.put(
            "\(target)?x-amz-checksum-crc32=AAAAAA==", hello,
            headers: [("x-amz-checksum-crc32", Self.crc32)])
        #expect(answer.element("Code") == "InvalidRequest")
    }

    @Test(arguments: ["PUT", "DELETE", "GET"])
    func `If-Match compares strongly, with all of its values`(method: String) throws {
        let client = try StoreClient()
        let etag = client.put(target, hello).header("ETag") ?? ""
        func status(_ values: String...) -> Int {
            let body = method == "PUT" ? hello : nil
            return client.signed(
                method, target, headers: values.map { ("if-match", $0) }, body: body
            ).status
        }
        #expect(status("W/\(etag)") == 412)
        #expect(status("\"x\"", "W/\(etag)") == 412)
        #expect(status("\"x\"") == 412)
        #expect(status("\"x\"", etag) < 300)
        client.put(target, hello)
        #expect(status(etag, "\"x\"") < 300)
    }

    @Test(
        arguments: [
            ("bytes=-11", 0..<10), ("bytes=-99999999999999999999", 0..<10), ("bytes=5-99", 5..<10),
            ("bytes=5-99999999999999999999", 5..<10), ("bytes=0000000000000000000005-6", 5..<7),
        ] as [(String, Range<Int64>)])
    func `a range has numbers of any length`(field: String, range: Range<Int64>) {
        #expect(ByteRange.select(field, of: 10) == .part(range))
    }

    @Test(arguments: [
        "bytes=9999999999999999999-", "bytes=9999999999999999999-99999999999999999999",
    ])
    func `a range beyond all numbers is beyond the object`(field: String) {
        #expect(ByteRange.select(field, of: 10) == .unsatisfiable)
    }

    @Test(arguments: ["bytes=5-4", "bytes=99999999999999999999-9999999999999999999", "bytes=5-4x"])
    func `a range that ends before it begins is none`(field: String) {
        #expect(ByteRange.select(field, of: 10) == .whole)
    }

    @Test func `an object is not copied onto itself without a change`() throws {
        let client = try StoreClient()
        client.put(target, hello, headers: [("x-amz-meta-a", "1")])
        func copy(_ headers: [NameValue], source: String = "/uploads/k") -> SeenAnswer {
            client.signed("PUT", target, headers: [("x-amz-copy-source", source)] + headers)
        }
        let directive = "x-amz-metadata-directive"
        #expect(copy([]).element("Code") == "InvalidRequest")
        #expect(copy([(directive, "COPY")]).element("Code") == "InvalidRequest")
        #expect(copy([(directive, "FOO")]).element("ArgumentValue") == "FOO")
        #expect(copy([], source: "//uploads/k").element("Code") == "InvalidArgument")
        #expect(copy([("x-amz-checksum-crc32", Self.crc32)]).status == 501)
        #expect(copy([("x-amz-storage-class", "STANDARD_IA")]).status == 200)
        #expect(copy([("x-amz-website-redirect-location", "/b")]).status == 200)
        #expect(copy([("x-amz-server-side-encryption", "AES256")]).status == 200)
        let head = client.signed("HEAD", target)
        #expect(head.header("x-amz-storage-class") == "STANDARD_IA")
        #expect(head.header("x-amz-website-redirect-location") == "/b")
        #expect(head.header("x-amz-meta-a") == "1")
        #expect(copy([(directive, "REPLACE")]).status == 200)
        #expect(client.signed("HEAD", target).header("x-amz-meta-a") == nil)
    }

    @Test(arguments: ["algorithm", "key", "key-MD5"])
    func `a client's own key is not taken as if it were used`(_ name: String) throws {
        let client = try StoreClient()
        client.put("/uploads/source", hello)
        let field = "x-amz-server-side-encryption-customer-\(name)"
        #expect(client.put(target, hello, headers: [(field, "x")]).status == 501)
        let copied = client.signed(
            "PUT", target,
            headers: [
                ("x-amz-copy-source", "/uploads/source"),
                ("x-amz-copy-source-\(field.dropFirst(6))", "x"),
            ])
        #expect(copied.element("Code") == "NotImplemented")
        #expect(client.signed("GET", target).status == 404)
    }

    @Test func `two authorizations are none`() throws {
        let client = try StoreClient()
        let signer = HeaderSigner(credentials: testCredentials, region: "us-east-1")
        let headers = signer.sign(
            method: "PUT", path: target, headers: [("host", "localhost")], payload: .unsigned,
            at: testTime
        ).headers
        let good = headers.filter { $0.name == "Authorization" }
        let rest = headers.filter { $0.name != "Authorization" }
        let other: [NameValue] = [("authorization", "Bearer x")]
        func answer(_ fields: [NameValue]) -> SeenAnswer {
            client.send("PUT", target, headers: rest + fields, body: hello)
        }
        for fields in [good + other, other + good, good + good] {
            #expect(answer(fields).element("Code") == "AccessDenied")
        }
        let value = good.first?.value ?? ""
        let zeros = String(repeating: "0", count: 64)
        for more in ["Signature=\(zeros)", "Credential=x", "SignedHeaders=host"] {
            let twice = value.replacing(" Credential", with: " \(more),Credential")
            let refused = answer([("Authorization", twice)])
            #expect(refused.element("Code") == "AuthorizationHeaderMalformed")
        }
        #expect(answer(good).status == 200)
    }
}
