/// One answer. The server adds `Date`, `Connection` and the framing (`Content-Length`); headers
/// given here with those names would contradict it and are not looked at.
package struct HTTPResponse {
    package enum Body {
        case none
        case bytes([UInt8])
        /// Exactly `length` bytes, read as the socket takes them.
        case stream(any BodySource, length: Int64)

        package var length: Int64 {
            switch self {
            case .none: 0
            case .bytes(let bytes): Int64(bytes.count)
            case .stream(_, let length): length
            }
        }

        /// It will not be sent.
        func abandon() {
            if case .stream(let source, _) = self { source.abandon() }
        }
    }

    package var status: Int
    /// The reason phrase; nil for the standard one of `status`.
    package var reason: String?
    package var headers: [(name: String, value: String)]
    package var body: Body
    /// Overrides the `Content-Length` of an answer to HEAD, whose body is never sent.
    package var headContentLength: Int64?

    package init(
        status: Int, reason: String? = nil, headers: [(name: String, value: String)] = [],
        body: Body = .none, headContentLength: Int64? = nil
    ) {
        self.status = status
        self.reason = reason
        self.headers = headers
        self.body = body
        self.headContentLength = headContentLength
    }
}
