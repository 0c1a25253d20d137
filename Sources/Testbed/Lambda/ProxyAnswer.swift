import Presign

/// An answer in the form in which API Gateway and function URLs take it from a function.
enum ProxyAnswer {
    /// AWS Lambda, "Quotas": synchronous invocation payload, 6 MB; of answers as measured on AWS.
    static let limitBytes = 6_291_556

    static func render(_ response: HTTPResponse, _ format: ProxyEvent.Format) -> [UInt8] {
        guard let body = bytes(of: response.body) else {
            return render(GatewayAnswer.error(500, "Internal server error"), format)
        }
        let text = String(validating: body, as: UTF8.self)
        let members: [(name: String, value: JSONValue)] = [
            ("statusCode", .number(String(response.status)))
        ]
        let rest: [(name: String, value: JSONValue)] = [
            ("body", .string(text ?? Base64.encode(body))), ("isBase64Encoded", .bool(text == nil)),
        ]
        var json: [UInt8] = []
        JSONValue.object(members + fields(response.headers, format) + rest).append(to: &json)
        guard json.count <= limitBytes else {
            let tooLarge = "The answer exceeds \(limitBytes) bytes: use a larger partBytes"
            return render(GatewayAnswer.error(400, tooLarge), format)
        }
        return json
    }

    /// Format 1.0 has lists; in 2.0 a field has one value, and only cookies are apart.
    private static func fields(
        _ headers: [(name: String, value: String)], _ format: ProxyEvent.Format
    ) -> [(name: String, value: JSONValue)] {
        var names: [String] = []
        var values: [String: [String]] = [:]
        for field in headers {
            let name = field.name.lowercased()
            if values[name] == nil { names.append(name) }
            values[name, default: []].append(field.value)
        }
        guard format == .version2 else {
            let lists = names.map {
                ($0, JSONValue.array((values[$0] ?? []).map(JSONValue.string)))
            }
            return [("multiValueHeaders", .object(lists))]
        }
        let cookies = values["set-cookie"] ?? []
        let single = names.filter { $0 != "set-cookie" }.map {
            ($0, JSONValue.string((values[$0] ?? []).joined(separator: ", ")))
        }
        let both: [(name: String, value: JSONValue)] = [("headers", .object(single))]
        return cookies.isEmpty
            ? both : both + [("cookies", .array(cookies.map(JSONValue.string)))]
    }

    /// nil when a stream has not all its bytes at hand.
    private static func bytes(of body: HTTPResponse.Body) -> [UInt8]? {
        switch body {
        case .none: return []
        case .bytes(let bytes): return bytes
        case .stream(let source, let length):
            var bytes: [UInt8] = []
            while Int64(bytes.count) < length {
                let left = Int(length) - bytes.count
                let piece = [UInt8](unsafeUninitializedCapacity: left) { buffer, count in
                    count = source.isDry ? 0 : max(0, source.read(into: .init(buffer)))
                }
                guard !piece.isEmpty else {
                    source.abandon()
                    return nil
                }
                bytes += piece
            }
            return bytes
        }
    }
}
