package import NetIO

/// The head of one request. The body, if any, comes through its `Exchange`.
package struct HTTPRequest: Sendable {
    package let method: String
    /// As sent up to `?`, escapes untouched; valid UTF-8.
    package let rawPath: String
    /// As sent after the first `?`; empty if there is none.
    package let rawQuery: String
    package let headers: HeaderFields
    package let contentLength: Int64?
    package let isChunked: Bool
    package let isSecure: Bool

    package init(
        method: String, rawPath: String, rawQuery: String = "", headers: HeaderFields,
        contentLength: Int64? = nil, isChunked: Bool = false, isSecure: Bool = false
    ) {
        self.method = method
        self.rawPath = rawPath
        self.rawQuery = rawQuery
        self.headers = headers
        self.contentLength = contentLength
        self.isChunked = isChunked
        self.isSecure = isSecure
    }

    package var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }
}
