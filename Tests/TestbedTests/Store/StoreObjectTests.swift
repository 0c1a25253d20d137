import NetIO
import Presign
import Testing

@testable import Testbed

@Suite struct StoreObjectTests {
    private let hello = Array("hello".utf8)

    @Test func `an object comes back with its fields`() throws {
        let client = try StoreClient()
        let put = client.put(
            "/uploads/a%2Fb%20c", hello,
            headers: [
                ("content-type", "text/x"), ("x-amz-meta-name", "value"),
                ("cache-control", "no-store"),
                ("content-encoding", "gzip"),
            ])
        #expect(put.status == 200)
        #expect(put.header("ETag") == "\"5d41402abc4b2a76b9719d911017c592\"")
        #expect(put.header("x-amz-checksum-type") == "FULL_OBJECT")
        #expect(put.header("x-amz-checksum-crc64nvme") != nil)
        let get = client.signed("GET", "/uploads/a/b%20c")
        #expect(get.text == "hello")
        #expect(get.header("Content-Type") == "text/x")
        #expect(get.header("x-amz-meta-name") == "value")
        #expect(get.header("Cache-Control") == "no-store")
        #expect(get.header("Content-Encoding") == "gzip")
        #expect(get.header("Last-Modified") == "Fri, 10 Apr 2026 22:48:18 GMT")
        #expect(get.header("x-amz-checksum-crc64nvme") == nil)
        #expect(
            client.signed(
                "GET", "/uploads/a/b%20c?response-content-type=x%2Fy"
            ).header("Content-Type") == "x/y")
        #expect(client.signed("DELETE", "/uploads/a/b%20c").status == 204)
        #expect(client.signed("GET", "/uploads/a/b%20c").element("Code") == "NoSuchKey")
    }

    @Test(arguments: [
        ("uploads.localhost:9000", "/k"), ("uploads.s3.us-east-1.amazonaws.com", "/k"),
        ("uploads.s3.amazonaws.com", "/k"), ("uploads.s3-accelerate.amazonaws.com", "/k"),
        ("uploads.s3-accelerate.dualstack.amazonaws.com", "/k"),
        ("uploads.s3.dualstack.us-east-1.amazonaws.com", "/k"),
        ("uploads.s3-fips.us-east-1.amazonaws.com", "/k"),
        ("uploads.s3.cn-north-1.amazonaws.com.cn", "/k"), ("uploads.objects.example.org", "/k"),
        ("s3.us-east-1.amazonaws.com", "/uploads/k"), ("s3.amazonaws.com", "/uploads/k"),
        ("127.0.0.1:9000", "/uploads/k"), ("[::1]:9000", "/uploads/k"), ("localhost", "/uploads/k"),
        ("minio.example.org", "/uploads/k"),
    ])
    func `a bucket is found in the Host or in the path`(host: String, path: String) {
        let request = HTTPRequest(
            method: "GET", rawPath: path, headers: HeaderFields([("Host", host)]))
        let address = BucketAddress(request) { $0 == "uploads" }
        #expect(address.bucket == "uploads")
        #expect(address.key == ObjectKey("k"))
    }

    @Test(arguments: ["//a", "/a//b", "/a/../b", "/./x", "/a%2F..%2Fb", "/%00%C3%BF", "/+", "/a/"])
    func `keys are bytes and never normalised`(path: String) throws {
        let client = try StoreClient()
        #expect(client.put("/uploads\(path)", hello).status == 200)
        let bucket = try client.handler.store.bucket("uploads")
        #expect(bucket.keys.map(\.bytes) == [PercentEncoding.decode(path.utf8.dropFirst())])
    }

    @Test(
        arguments: [
            ([("content-md5", "XUFAKrxLKna5cZ2REBfFkg==")], 200, nil),
            ([("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")], 400, "BadDigest"),
            ([("content-md5", "nonsense")], 400, "InvalidDigest"),
            ([("x-amz-checksum-crc32", "NhCmhg==")], 200, nil),
            ([("x-amz-checksum-crc32", "AAAAAA==")], 400, "BadDigest"),
            ([("x-amz-checksum-crc32", "AAAA")], 400, "InvalidRequest"),
            (
                [("x-amz-checksum-crc32", "NhCmhg=="), ("x-amz-checksum-sha1", "x")], 400,
                "InvalidRequest"
            ),
            ([("x-amz-sdk-checksum-algorithm", "CRC32")], 400, "InvalidRequest"),
            ([("x-amz-storage-class", "CHEAP")], 400, "InvalidStorageClass"),
            ([("x-amz-meta-a", String(repeating: "v", count: 2047))], 200, nil),
            ([("x-amz-meta-a", String(repeating: "v", count: 2048))], 400, "MetadataTooLarge"),
            ([("if-none-match", "*")], 200, nil),
            ([("if-none-match", "\"x\"")], 501, "NotImplemented"),
            ([("if-match", "\"x\"")], 404, "NoSuchKey"),
        ] as [([NameValue], Int, String?)])
    func `an upload is held to what it claims`(headers: [NameValue], status: Int, code: String?)
        throws
    {
        let answer = try StoreClient().put("/uploads/k", hello, headers: headers)
        #expect(answer.status == status)
        #expect(answer.element("Code") == code)
    }

    @Test func `a conditional upload replaces only what it names`() throws {
        let client = try StoreClient()
        let etag = client.put("/uploads/k", hello).header("ETag") ?? ""
        #expect(client.put("/uploads/k", [1], headers: [("if-none-match", "*")]).status == 412)
        #expect(client.put("/uploads/k", [1], headers: [("if-match", "\"x\"")]).status == 412)
        #expect(client.put("/uploads/k", [1], headers: [("if-match", etag)]).status == 200)
    }

    @Test func `a body that is hashed otherwise than signed is refused`() throws {
        let right = HeaderSigner.Payload.digest(SHA256.digest(hello))
        let client = try StoreClient()
        #expect(client.signed("PUT", "/uploads/k", body: hello, payload: right).status == 200)
        let wrong = client.signed("PUT", "/uploads/k", body: [1], payload: right)
        #expect(wrong.element("Code") == "XAmzContentSHA256Mismatch")
    }

    @Test func `a body of unknown length is refused, an aborted one leaves nothing`() throws {
        let client = try StoreClient()
        #expect(client.signed("PUT", "/uploads/k").element("Code") == "MissingContentLength")
        let signer = HeaderSigner(credentials: testCredentials, region: "us-east-1")
        let signed = signer.sign(
            method: "PUT", path: "/uploads/k", headers: [("host", "localhost")], payload: .unsigned,
            at: testTime)
        client.send("PUT", "/uploads/k", headers: signed.headers, body: hello, isComplete: false)
        #expect(client.signed("GET", "/uploads/k").status == 404)
    }

    @Test func `a full store refuses with its limit, and has room again after a deletion`() throws {
        let client = try StoreClient { $0.mode = .memory(limitBytes: 8) }
        #expect(client.put("/uploads/a", hello).status == 200)
        let refused = client.put("/uploads/b", hello)
        #expect(refused.status == 507)
        #expect(refused.element("LimitBytes") == "8")
        client.signed("DELETE", "/uploads/a")
        #expect(client.put("/uploads/b", hello).status == 200)
    }

    @Test func `discarding keeps sizes, checksums and first bytes`() throws {
        let client = try StoreClient { $0.mode = .discard }
        let body = [UInt8](repeating: 7, count: 3000)
        client.put("/uploads/k", body)
        let head = client.signed("HEAD", "/uploads/k")
        #expect(head.header("Content-Length") == "3000")
        let first = client.signed("GET", "/uploads/k", headers: [("range", "bytes=0-511")])
        #expect(first.body == Array(body.prefix(512)))
        #expect(client.signed("GET", "/uploads/k").status == 501)
    }

    @Test(arguments: [
        ("/uploads?acl", "NotImplemented"), ("/uploads/k?tagging", "NotImplemented"),
        ("/uploads?max-keys=x", "InvalidArgument"), ("/uploads?encoding-type=x", "InvalidArgument"),
        ("/none", "NoSuchBucket"), ("/uploads/k?uploadId=x", "NoSuchUpload"),
        ("/uploads/" + String(repeating: "k", count: 1025), "KeyTooLongError"),
    ])
    func `what cannot be answered has S3's code`(target: String, code: String) throws {
        #expect(try StoreClient().signed("GET", target).element("Code") == code)
    }
}
