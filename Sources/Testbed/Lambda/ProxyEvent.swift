import NetIO
import Presign

/// Why an event cannot be worked on, in the words of Lambda's error documents.
package struct EventProblem: Error, Equatable {
    package let type: String
    package let message: String

    static func malformed(_ message: String) -> EventProblem {
        EventProblem(type: "Uploadbench.MalformedEvent", message: message)
    }

    static let unknown = EventProblem(
        type: "Uploadbench.UnknownEvent",
        message: "the event is none of a REST or HTTP API, a function URL or an authorizer")
}

/// A request that came as an event: from a REST API (payload format 1.0; API Gateway, "Input format
/// of a Lambda function for proxy integration"), from an HTTP API or a function URL (2.0; API Gateway,
/// "Working with AWS Lambda proxy integrations for HTTP APIs"; AWS Lambda, "Invoking Lambda function
/// URLs").
struct ProxyEvent {
    enum Format { case version1, version2 }

    let format: Format
    let request: HTTPRequest
    let body: [UInt8]

    init(_ event: JSONValue) throws(EventProblem) {
        if event["version"]?.string == "2.0" {
            try self.init(version2: event)
        } else if event["httpMethod"] != nil {
            try self.init(version1: event)
        } else {
            throw .unknown
        }
    }

    private init(version1 event: JSONValue) throws(EventProblem) {
        guard let method = event["httpMethod"]?.string, let path = event["path"]?.string else {
            throw .malformed("httpMethod or path is missing")
        }
        var headers = HeaderFields()
        for (name, value) in EventFields.pairs(event, "multiValueHeaders", else: "headers") {
            headers.append(name, value)
        }
        // Names and values come decoded.
        let query = EventFields.pairs(
            event, "multiValueQueryStringParameters", else: "queryStringParameters")
        let rawQuery = query.map {
            "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))"
        }
        try self.init(
            .version1, method, path, rawQuery.joined(separator: "&"), headers,
            try EventFields.body(event))
    }

    private init(version2 event: JSONValue) throws(EventProblem) {
        let context = event["requestContext"]
        guard let method = context?["http"]?["method"]?.string, let path = event["rawPath"]?.string
        else { throw .malformed("requestContext.http.method or rawPath is missing") }
        var headers = HeaderFields()
        for (name, value) in EventFields.single(event["headers"]) { headers.append(name, value) }
        let cookies = event["cookies"]?.array?.compactMap(\.string) ?? []
        if !cookies.isEmpty { headers.append("cookie", cookies.joined(separator: "; ")) }
        try self.init(
            .version2, method, Self.withoutStage(path, context?["stage"]?.string),
            event["rawQueryString"]?.string ?? "", headers, try EventFields.body(event))
    }

    private init(
        _ format: Format, _ method: String, _ path: String, _ query: String,
        _ headers: HeaderFields, _ body: [UInt8]?
    ) throws(EventProblem) {
        guard path.hasPrefix("/"), !method.isEmpty,
            method.utf8.allSatisfy({ (0x41...0x5A).contains($0) })
        else { throw .malformed("'\(method) \(path)' is no request") }
        self.format = format
        self.body = body ?? []
        // The body counts, not what a field says of it: API Gateway may have decoded it.
        let length = body.map { Int64($0.count) } ?? headers.first("Content-Length").map { _ in 0 }
        request = HTTPRequest(
            method: method, rawPath: EventFields.escaped(path), rawQuery: query, headers: headers,
            contentLength: length, isSecure: true)
    }

    /// `rawPath` begins with the stage's name unless that is `$default`.
    private static func withoutStage(_ path: String, _ stage: String?) -> String {
        guard let stage, stage != "$default", path.hasPrefix("/\(stage)/") else { return path }
        return String(path.dropFirst(stage.count + 1))
    }
}

/// Members that events have in common.
enum EventFields {
    /// Of `many` (lists of values), or of `one` when that is missing.
    static func pairs(
        _ event: JSONValue, _ many: String, else one: String
    ) -> [(name: String, value: String)] {
        guard let lists = event[many]?.object else { return single(event[one]) }
        return lists.flatMap { name, values in
            (values.array ?? []).compactMap { $0.string.map { (name, $0) } }
        }
    }

    static func single(_ object: JSONValue?) -> [(name: String, value: String)] {
        (object?.object ?? []).compactMap { name, value in value.string.map { (name, $0) } }
    }

    /// A field whatever the case of its name.
    static func header(_ event: JSONValue, _ name: String) -> String? {
        let fields = pairs(event, "multiValueHeaders", else: "headers")
        return fields.first { $0.name.lowercased() == name }?.value
    }

    /// nil when the event has none.
    static func body(_ event: JSONValue) throws(EventProblem) -> [UInt8]? {
        guard let body = event["body"], !body.isNull else { return nil }
        guard let text = body.string else { throw .malformed("the body is no text") }
        guard case .bool(true)? = event["isBase64Encoded"] else { return Array(text.utf8) }
        guard let bytes = Base64.decode(text) else {
            throw .malformed("the body is not the Base64 that it is said to be")
        }
        return bytes
    }

    /// Some events have the path as it was sent, others have it decoded: what cannot stand in a
    /// request line is escaped again, and escapes are left alone.
    static func escaped(_ path: String) -> String {
        let bytes = Array(path.utf8)
        var escaped: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            let isEscape =
                byte == UInt8(ascii: "%") && index + 2 < bytes.count
                && Hex.decode(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self))
                    != nil
            let isPlain =
                byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "%")
                && byte != UInt8(ascii: "?") && byte != UInt8(ascii: "#")
            escaped += isEscape || isPlain ? [byte] : PercentEncoding.encode([byte])
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
