import NetIO

/// A request head that was checked against RFC 9112 and RFC 9110, with what the connection itself
/// needs to know.
struct RequestHead {
    let request: HTTPRequest
    let keepsAlive: Bool
    let expectsContinue: Bool
    /// Does a page ask?
    let hasOrigin: Bool

    /// `bytes` is a whole head as `RequestHeadScanner` found it.
    init(
        parsing bytes: UnsafeRawBufferPointer, limits: ServerLimits, isSecure: Bool = false
    ) throws(RequestProblem) {
        var lines = HeadLines(bytes)
        guard let requestLine = lines.next() else { throw .malformed("There is no request line") }
        let line = try RequestLine(parsing: requestLine)
        var fields = FieldCollector()
        while let fieldLine = lines.next() {
            try fields.add(fieldLine, limits: limits)
        }
        try fields.check(line)

        request = HTTPRequest(
            method: line.method, rawPath: line.rawPath, rawQuery: line.rawQuery,
            headers: fields.headers(replacingHostBy: line.authority),
            contentLength: fields.contentLength, isChunked: fields.isChunked, isSecure: isSecure)
        keepsAlive = fields.keepsAlive ?? line.isVersion11
        hasOrigin = fields.hasOrigin
        expectsContinue = fields.expectsContinue && line.isVersion11
    }
}

/// The lines of a head without their CR LF; leading empty lines and the final one are left out.
private struct HeadLines {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        while position + 1 < bytes.count, bytes[position] == 0x0D, bytes[position + 1] == 0x0A {
            position += 2
        }
    }

    mutating func next() -> UnsafeRawBufferPointer? {
        guard position < bytes.count else { return nil }
        let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
        guard let newline = rest.firstOffset(of: 0x0A), newline > 1 else { return nil }
        position += newline + 1
        return UnsafeRawBufferPointer(rebasing: rest[..<(newline - 1)])
    }
}

/// RFC 9112 §3, with the request target split as roles need it.
private struct RequestLine {
    let method: String
    let rawPath: String
    let rawQuery: String
    /// Of a target in absolute form, which then stands for `Host` (RFC 9112 §3.2.2).
    let authority: String?
    let isVersion11: Bool

    init(parsing line: UnsafeRawBufferPointer) throws(RequestProblem) {
        guard let first = line.firstOffset(of: 0x20), first > 0 else {
            throw .malformed("The request line has no method and target")
        }
        let methodBytes = line[..<first]
        guard methodBytes.allSatisfy(isTokenByte), methodBytes.count <= 32 else {
            throw .malformed("The method is not a token")
        }
        let afterMethod = UnsafeRawBufferPointer(rebasing: line[(first + 1)...])
        guard let second = afterMethod.firstOffset(of: 0x20), second > 0 else {
            throw .malformed("The request line has no version")
        }
        isVersion11 = try Self.isVersion11(
            UnsafeRawBufferPointer(rebasing: afterMethod[(second + 1)...]))
        method = String(decoding: methodBytes, as: UTF8.self)
        (authority, rawPath, rawQuery) = try Self.split(
            UnsafeRawBufferPointer(rebasing: afterMethod[..<second]), method: method)
    }

    private static func isVersion11(
        _ version: UnsafeRawBufferPointer
    ) throws(RequestProblem) -> Bool {
        guard version.count == 8, version.starts(with: "HTTP/".utf8),
            isDigit(version[5]), version[6] == UInt8(ascii: "."), isDigit(version[7])
        else { throw .malformed("The request line does not end in an HTTP version") }
        guard version[5] == UInt8(ascii: "1") else { throw .versionNotSupported }
        return version[7] != UInt8(ascii: "0")
    }

    private static func split(
        _ target: UnsafeRawBufferPointer, method: String
    ) throws(RequestProblem) -> (authority: String?, path: String, query: String) {
        guard target.allSatisfy(isTargetByte) else {
            throw .malformed("The request target holds a byte that must be escaped")
        }
        guard let text = String(validating: target, as: UTF8.self) else {
            throw .malformed("The request target is not UTF-8")
        }
        if text == "*", method == "OPTIONS" { return (nil, "*", "") }
        if target[0] == UInt8(ascii: "/") {
            let parts = splitQuery(text[...])
            return (nil, parts.path, parts.query)
        }
        guard let scheme = ["http://", "https://"].first(where: { text.hasPrefix($0) }) else {
            throw .malformed("The request target is neither a path nor a URL")
        }
        let rest = text.dropFirst(scheme.count)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard end > rest.startIndex, Authority.isValid(rest[..<end]) else {
            throw .malformed("The request target has no valid authority")
        }
        let parts = splitQuery(rest[end...])
        return (String(rest[..<end]), parts.path.isEmpty ? "/" : parts.path, parts.query)
    }

    private static func splitQuery(_ text: Substring) -> (path: String, query: String) {
        guard let mark = text.utf8.firstIndex(of: UInt8(ascii: "?")) else {
            return (String(text), "")
        }
        return (String(text[..<mark]), String(text[text.utf8.index(after: mark)...]))
    }
}

/// Takes the field lines one by one, and keeps what decides about the framing.
private struct FieldCollector {
    private(set) var contentLength: Int64?
    private(set) var isChunked = false
    private(set) var keepsAlive: Bool?
    private(set) var expectsContinue = false
    private(set) var hasOrigin = false
    private var hosts = 0
    private var fields: [(name: String, value: String)] = []

    init() { fields.reserveCapacity(12) }

    mutating func add(
        _ line: UnsafeRawBufferPointer, limits: ServerLimits
    ) throws(RequestProblem) {
        guard line[0] != 0x20, line[0] != 0x09 else {
            throw .malformed("A header field is folded over two lines")  // RFC 9112 §5.2
        }
        // RFC 9112 §5.1: no white space between the name and the colon.
        guard let colon = line.firstOffset(of: UInt8(ascii: ":")), colon > 0,
            line[..<colon].allSatisfy(isTokenByte)
        else { throw .malformed("A header field has no valid name") }
        guard fields.count < limits.fieldCount else {
            throw .tooManyFields(limit: limits.fieldCount)
        }
        let value = trimmed(line, from: colon + 1)
        guard value.allSatisfy(isFieldValueByte) else {
            throw .malformed("A header field value holds a control character")
        }
        let name = String(decoding: line[..<colon], as: UTF8.self)
        let text = fieldText(value)
        try note(name, text, length: colon)
        fields.append((name, text))
    }

    /// Only names of a few lengths matter, so most fields cost one comparison.
    private mutating func note(
        _ name: String, _ value: String, length: Int
    ) throws(RequestProblem) {
        switch length {
        case 4 where isSameToken(name, "host"): hosts += 1
        case 6 where isSameToken(name, "origin"): hasOrigin = true
        case 6 where isSameToken(name, "expect"):
            guard isSameToken(value, "100-continue") else { return }
            expectsContinue = true
        case 10 where isSameToken(name, "connection"): noteConnection(value)
        case 14 where isSameToken(name, "content-length"): try noteLength(value)
        case 17 where isSameToken(name, "transfer-encoding"):
            guard !isChunked else { throw .malformed("Transfer-Encoding is sent twice") }
            guard isSameToken(value, "chunked") else { throw .transferCodingNotSupported }
            isChunked = true
        default: break
        }
    }

    private mutating func noteConnection(_ value: String) {
        for option in value.utf8.split(separator: UInt8(ascii: ",")) {
            let token = Substring(option).trimmingSpaces()
            if isSameToken(token, "close") { keepsAlive = false }
            if isSameToken(token, "keep-alive"), keepsAlive == nil { keepsAlive = true }
        }
    }

    /// RFC 9112 §6.3 item 5 allows equal repeated lengths; they are refused here, as they have no
    /// honest use.
    private mutating func noteLength(_ value: String) throws(RequestProblem) {
        guard contentLength == nil else { throw .malformed("Content-Length is sent twice") }
        guard !value.isEmpty, value.utf8.allSatisfy(isDigit), let length = Int64(value) else {
            throw .malformed("Content-Length is not a number")
        }
        contentLength = length
    }

    func check(_ line: RequestLine) throws(RequestProblem) {
        guard hosts <= 1, hosts == 1 || !line.isVersion11 else {
            // RFC 9112 §3.2
            throw .malformed(hosts == 0 ? "Host is missing" : "Host is sent twice")
        }
        for field in fields where isSameToken(field.name, "host") {
            guard Authority.isValid(field.value) else {
                throw .malformed("Host is not a valid authority")
            }
        }
        // RFC 9112 §6.3 item 3: both together are the shape of request smuggling.
        guard !isChunked || contentLength == nil else {
            throw .malformed("Content-Length and Transfer-Encoding are both sent")
        }
        guard !isChunked || line.isVersion11 else {
            throw .malformed("HTTP/1.0 has no Transfer-Encoding")
        }
    }

    func headers(replacingHostBy authority: String?) -> HeaderFields {
        guard let authority else { return HeaderFields(fields) }
        // HTTP/1.0 needs no Host.
        guard hosts > 0 else { return HeaderFields(fields + [("Host", authority)]) }
        return HeaderFields(
            fields.map { isSameToken($0.name, "host") ? ($0.name, authority) : $0 })
    }
}

private func trimmed(_ line: UnsafeRawBufferPointer, from: Int) -> UnsafeRawBufferPointer {
    var start = from
    var end = line.count
    while start < end, line[start] == 0x20 || line[start] == 0x09 { start += 1 }
    while end > start, line[end - 1] == 0x20 || line[end - 1] == 0x09 { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: line[start..<end])
}

/// UTF-8, or else ISO 8859-1, which keeps every byte apart.
private func fieldText(_ value: UnsafeRawBufferPointer) -> String {
    if let text = String(validating: value, as: UTF8.self) { return text }
    return String(String.UnicodeScalarView(value.map { Unicode.Scalar($0) }))
}
