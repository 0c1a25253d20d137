import Presign

/// The API's answers: JSON, and open to every origin.
enum GatewayAnswer {
    private static let cors = [("Access-Control-Allow-Origin", "*")]

    static func json(_ status: Int, _ members: [(name: String, value: JSONValue)]) -> HTTPResponse {
        var body: [UInt8] = []
        body.reserveCapacity(1024)
        JSONValue.object(members).append(to: &body)
        return HTTPResponse(
            status: status, headers: [("Content-Type", "application/json")] + cors,
            body: .bytes(body))
    }

    /// As API Gateway words its own errors.
    static func error(_ status: Int, _ message: String) -> HTTPResponse {
        json(status, [("message", .string(message))])
    }

    /// Refused by the API's front, which knows no CORS: a browser's script cannot read it.
    static func bodyTooLarge(_ limitBytes: Int64) -> HTTPResponse {
        HTTPResponse(
            status: 413, headers: [("Content-Type", "text/plain")],
            body: .bytes(Array("HTTP content length exceeded \(limitBytes) bytes.".utf8)))
    }

    static var preflight: HTTPResponse {
        HTTPResponse(
            status: 204,
            headers: cors + [
                ("Access-Control-Allow-Methods", "GET, POST, PUT, OPTIONS"),
                ("Access-Control-Allow-Headers", "authorization, content-type, idempotency-key"),
                ("Access-Control-Max-Age", "300"),
            ])
    }
}

extension HTTPResponse {
    /// With one origin for `*`: caches must then tell origins apart (Fetch standard, "CORS protocol and
    /// HTTP caches").
    func readable(from origin: String) -> HTTPResponse {
        guard origin != "*" else { return self }
        var response = self
        for index in headers.indices where headers[index].name == "Access-Control-Allow-Origin" {
            response.headers[index].value = origin
            response.headers.append(("Vary", "Origin"))
        }
        return response
    }
}

extension JSONValue {
    /// Without white space.
    func append(to output: inout [UInt8]) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let flag): output += (flag ? "true" : "false").utf8
        case .number(let digits): output += digits.utf8
        case .string(let text): JSONString.append(text, to: &output)
        case .array(let elements):
            Self.append(elements, between: ("[", "]"), to: &output) { $0.append(to: &$1) }
        case .object(let members):
            Self.append(members, between: ("{", "}"), to: &output) { member, output in
                JSONString.append(member.name, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.append(to: &output)
            }
        }
    }

    private static func append<Element>(
        _ elements: [Element], between ends: (String, String), to output: inout [UInt8],
        _ append: (Element, inout [UInt8]) -> Void
    ) {
        output += ends.0.utf8
        for (index, element) in elements.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            append(element, &output)
        }
        output += ends.1.utf8
    }
}
