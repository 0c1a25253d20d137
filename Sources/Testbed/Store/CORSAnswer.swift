import NetIO

/// CORS as a bucket has it whose one rule allows every origin, the upload methods and all headers,
/// and exposes the ETag.
enum CORSAnswer {
    private static let methods = ["GET", "PUT", "POST", "DELETE", "HEAD"]
    private static let maxAgeSeconds = 3000
    private static let vary =
        "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"

    /// What the actual answer carries; nothing without an Origin.
    static func headers(for request: HTTPRequest) -> [(name: String, value: String)] {
        guard request.headers.first("Origin") != nil, request.method != "OPTIONS",
            methods.contains(request.method)
        else { return [] }
        return common
    }

    private static var common: [(name: String, value: String)] {
        [
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Allow-Methods", methods.joined(separator: ", ")),
            ("Access-Control-Expose-Headers", "ETag"),
            ("Access-Control-Max-Age", "\(maxAgeSeconds)"), ("Vary", vary),
        ]
    }

    /// Preflights are not signed, and a presigned query is not looked at.
    static func preflight(_ call: StoreCall) throws(S3Failure) {
        let headers = call.request.headers
        guard headers.first("Origin") != nil else {
            throw S3Failure(
                400, "BadRequest", "Insufficient information. Origin request header needed.")
        }
        let method = headers.first("Access-Control-Request-Method") ?? ""
        guard methods.contains(method) else { throw refused(method, call) }
        var answer = common
        if let asked = headers.first("Access-Control-Request-Headers") {
            let names = asked.lowercased().split(separator: ",").map { name in
                name.trimmingPrefix { $0 == " " }
            }
            answer.append(("Access-Control-Allow-Headers", names.joined(separator: ", ")))
        }
        call.answer(HTTPResponse(status: 200, headers: answer))
    }

    private static func refused(_ method: String, _ call: StoreCall) -> S3Failure {
        S3Failure(
            403, "AccessForbidden",
            "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
            [
                ("Method", method),
                ("ResourceType", call.address.key.bytes.isEmpty ? "BUCKET" : "OBJECT"),
            ])
    }
}
