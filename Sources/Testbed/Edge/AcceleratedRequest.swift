import NetIO
import Presign

/// What the accelerate role reads off a request, and what it makes of it for the store.
enum AcceleratedRequest {
    private static let hostEndings = [
        ".localhost", ".s3-accelerate.amazonaws.com", ".s3-accelerate.dualstack.amazonaws.com",
    ]

    /// From `BUCKET.localhost`, and AWS's own names (S3 User Guide, "Transfer Acceleration"); nil for
    /// path style and for hosts that are not its own.
    static func bucket(_ request: HTTPRequest) -> String? {
        let host = (request.headers.first("Host") ?? "").prefix { $0 != ":" }.lowercased()
        guard let ending = hostEndings.first(where: host.hasSuffix) else { return nil }
        let bucket = String(host.dropLast(ending.count))
        return bucket.isEmpty ? nil : bucket
    }

    /// CreateBucket and DeleteBucket: parameters that authenticate or only name the operation do not
    /// make a sub-resource of the bucket.
    static func isOfBucketItself(_ request: HTTPRequest) -> Bool {
        guard ["PUT", "DELETE"].contains(request.method), request.rawPath == "/" else {
            return false
        }
        let plain: Set = ["x-id", "awsaccesskeyid", "signature", "expires"]
        return request.rawQuery.split(separator: "&").allSatisfy { pair in
            let raw = pair.prefix { $0 != "=" }
            let name = String(decoding: PercentEncoding.decode(raw.utf8), as: UTF8.self)
                .lowercased()
            return plain.contains(name) || name.hasPrefix("x-amz-")
        }
    }

    /// The request as it came, without what is between two neighbours only (RFC 9110 §7.6.1). The Host
    /// stays, as it is signed. The framing is written anew from what was understood of it: were it
    /// copied, the store could be made to see another body than came in here.
    static func head(_ request: HTTPRequest) -> [UInt8] {
        let query = request.rawQuery.isEmpty ? "" : "?" + request.rawQuery
        var head = "\(request.method) \(request.rawPath)\(query) HTTP/1.1\r\n"
        let dropped = hopByHop(request)
        for field in request.headers where !dropped.contains(field.name.lowercased()) {
            head += "\(field.name): \(field.value)\r\n"
        }
        if request.isChunked {
            head += "Transfer-Encoding: chunked\r\n"
        } else if let length = request.contentLength {
            head += "Content-Length: \(length)\r\n"
        }
        return Array((head + "\r\n").utf8)
    }

    private static func hopByHop(_ request: HTTPRequest) -> Set<String> {
        var names: Set = [
            "connection", "content-length", "expect", "keep-alive", "proxy-connection", "te",
            "trailer", "transfer-encoding", "upgrade",
        ]
        for value in request.headers.all("Connection") {
            for option in value.split(separator: ",") {
                let name = option.trimmingPrefix { $0 == " " || $0 == "\t" }
                names.insert(String(name.prefix { $0 != " " && $0 != "\t" }).lowercased())
            }
        }
        // Whoever names it there is wrong, and without it there is no bucket.
        names.remove("host")
        return names
    }
}
