import Glibc
import NetIO

/// Renders status line and fields of an answer.
enum ResponseHead {
    static func render(
        _ response: HTTPResponse, date: [UInt8], keepsAlive: Bool, isHead: Bool,
        showsTimes: Bool = false
    ) -> [UInt8] {
        var head: [UInt8] = []
        head.reserveCapacity(512)
        head += "HTTP/1.1 \(response.status) \(response.reason ?? reason(response.status))\r\n".utf8
        for field in response.headers { append(field.name, field.value, to: &head) }
        head += date
        // RFC 9110 §8.6: none with 1xx and 204.
        if response.status >= 200, response.status != 204 {
            let length =
                isHead ? response.headContentLength ?? response.body.length : response.body.length
            head += "Content-Length: \(length)\r\n".utf8
        }
        // Resource Timing, "Timing-Allow-Origin": what a page may see of its requests to other origins.
        if showsTimes { head += "Timing-Allow-Origin: *\r\n".utf8 }
        if !keepsAlive { head += "Connection: close\r\n".utf8 }
        head += "\r\n".utf8
        return head
    }

    /// Line ends in a value would be new fields: they become spaces.
    private static func append(_ name: String, _ value: String, to head: inout [UInt8]) {
        // No name comes here that is no token; should one do so, it adds no field either.
        head += name.utf8.lazy.map { isTokenByte($0) ? $0 : UInt8(ascii: "-") }
        head.append(0x3A)
        head.append(0x20)
        for byte in value.utf8 { head.append(byte == 13 || byte == 10 || byte == 0 ? 32 : byte) }
        head.append(13)
        head.append(10)
    }

    /// `Date: Tue, 15 Nov 1994 08:12:31 GMT` (RFC 9110 §5.6.7) with its line end.
    static func dateField(unixSeconds: Int64) -> [UInt8] {
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        var seconds = time_t(unixSeconds)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let two = { (value: Int32) in (value < 10 ? "0" : "") + String(value) }
        let day = "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
        let time = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
        return Array("Date: \(day) \(parts.tm_year + 1900) \(time) GMT\r\n".utf8)
    }

    static func reason(_ status: Int) -> String {
        reasons[status] ?? "Unknown"
    }

    private static let reasons = [
        200: "OK", 201: "Created", 204: "No Content", 206: "Partial Content",
        301: "Moved Permanently", 303: "See Other", 304: "Not Modified",
        307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
        404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 409: "Conflict",
        411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large",
        414: "URI Too Long", 415: "Unsupported Media Type", 416: "Requested Range Not Satisfiable",
        422: "Unprocessable Content", 429: "Too Many Requests",
        431: "Request Header Fields Too Large", 500: "Internal Server Error",
        501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
        504: "Gateway Timeout", 505: "HTTP Version Not Supported",
    ]
}
