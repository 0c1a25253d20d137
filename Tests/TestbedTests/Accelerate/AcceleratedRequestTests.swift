import NetIO
import Testing

@testable import Testbed

/// What the accelerate role reads off a request, and what the store gets of it.
@Suite struct AcceleratedRequestTests {
    private func request(
        _ method: String = "PUT", _ target: String = "/key",
        _ fields: [(name: String, value: String)] = [], length: Int64? = nil,
        isChunked: Bool = false
    ) -> HTTPRequest {
        let halves = target.split(separator: "?", maxSplits: 1).map(String.init)
        return HTTPRequest(
            method: method, rawPath: halves[0], rawQuery: halves.count > 1 ? halves[1] : "",
            headers: HeaderFields(fields), contentLength: length, isChunked: isChunked)
    }

    @Test(arguments: [
        ("photos.localhost", "photos"), ("photos.localhost:8080", "photos"),
        ("PHOTOS.LocalHost:1", "photos"), ("photos.s3-accelerate.amazonaws.com", "photos"),
        ("photos.s3-accelerate.dualstack.amazonaws.com", "photos"),
        ("my.photos.s3-accelerate.amazonaws.com", "my.photos"), ("localhost:8080", nil),
        ("127.0.0.1:8080", nil), ("s3-accelerate.amazonaws.com", nil),
        ("photos.s3.us-east-1.amazonaws.com", nil), ("photos.example.org", nil),
        (".localhost", nil),
        ("", nil), ("[::1]:8080", nil),
    ])
    func `the bucket is in the host`(_ host: String, _ bucket: String?) {
        #expect(AcceleratedRequest.bucket(request("PUT", "/key", [("Host", host)])) == bucket)
    }

    @Test(arguments: [
        ("PUT", "/", true), ("DELETE", "/", true), ("PUT", "/?x-id=CreateBucket", true),
        ("PUT", "/?X-Amz-Date=1&X-Amz-Signature=2", true), ("PUT", "/?%58-Amz-Date=1", true),
        ("PUT", "/?AWSAccessKeyId=a&Signature=b&Expires=1", true), ("PUT", "/?accelerate", false),
        ("PUT", "/?cors&X-Amz-Date=1", false), ("GET", "/", false), ("HEAD", "/", false),
        ("POST", "/?delete", false), ("PUT", "/key", false), ("DELETE", "/key", false),
        ("PUT", "//", false),
    ])
    func `making and removing the bucket is told from all else`(
        _ method: String, _ target: String, _ isOfBucket: Bool
    ) {
        #expect(AcceleratedRequest.isOfBucketItself(request(method, target)) == isOfBucket)
    }

    private func head(_ request: HTTPRequest) -> String {
        String(decoding: AcceleratedRequest.head(request), as: UTF8.self)
    }

    @Test func `target and end-to-end fields pass as they are, and in their order`() {
        let text = head(
            request(
                "PUT", "/a%20b/../c?partNumber=1&X-Amz-Signature=x",
                [
                    ("Host", "b.localhost:1"), ("Content-Type", "a/b"), ("x-amz-meta-b", "1"),
                    ("X-Amz-Meta-A", "2"),
                ], length: 7))
        #expect(
            text == "PUT /a%20b/../c?partNumber=1&X-Amz-Signature=x HTTP/1.1\r\n"
                + "Host: b.localhost:1\r\nContent-Type: a/b\r\nx-amz-meta-b: 1\r\n"
                + "X-Amz-Meta-A: 2\r\nContent-Length: 7\r\n\r\n")
    }

    @Test func `what is between two neighbours stays there`() {
        let text = head(
            request(
                "PUT", "/key",
                [
                    ("Host", "b.localhost"), ("Connection", "keep-alive, X-Private"),
                    ("X-Private", "1"), ("Keep-Alive", "timeout=5"), ("Expect", "100-continue"),
                    ("TE", "trailers"), ("Upgrade", "h2c"), ("Proxy-Connection", "close"),
                    ("X-Public", "1"),
                ]))
        #expect(text == "PUT /key HTTP/1.1\r\nHost: b.localhost\r\nX-Public: 1\r\n\r\n")
    }

    @Test func `a field that is named in Connection cannot change the framing or the host`() {
        let text = head(
            request(
                "PUT", "/key",
                [
                    ("Host", "b.localhost"), ("Content-Length", "007"),
                    ("Connection", "content-length, host"),
                ], length: 7))
        #expect(text == "PUT /key HTTP/1.1\r\nHost: b.localhost\r\nContent-Length: 7\r\n\r\n")
    }

    @Test func `chunks are said once`() {
        let text = head(
            request(
                "PUT", "/key", [("Host", "b.localhost"), ("Transfer-Encoding", "chunked")],
                isChunked: true))
        #expect(
            text == "PUT /key HTTP/1.1\r\nHost: b.localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    }
}
