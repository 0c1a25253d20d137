import NetIO
import Presign

extension CORSConfiguration {
    private static let vary =
        "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"

    /// The first rule that allows the request; one that carries the fields of a preflight is
    /// judged as one. More fields than a request may have are allowed by none.
    private func rule(for call: StoreCall, origin: String) -> CORSRule? {
        let method = call.header("access-control-request-method") ?? call.method
        let headers = call.requestedHeaders
        guard headers.count <= ServerLimits().fieldCount else { return nil }
        return rules.first { $0.allows(origin: origin, method: method, headers: headers) }
    }

    /// What an answer carries: nothing where no rule allows it. The request itself is never
    /// refused for that.
    func headers(for call: StoreCall) -> [NameValue] {
        guard let origin = call.header("origin"), let rule = rule(for: call, origin: origin),
            let allowed = rule.allowedOrigin(for: origin)
        else { return [] }
        var headers: [NameValue] = [
            ("Access-Control-Allow-Origin", allowed),
            ("Access-Control-Allow-Methods", rule.allowedMethods.joined(separator: ", ")),
        ]
        if call.method == "OPTIONS", !call.requestedHeaders.isEmpty {
            headers.append(
                (
                    "Access-Control-Allow-Headers",
                    call.requestedHeaders.joined(separator: ", ")
                ))
        }
        if !rule.exposedHeaders.isEmpty {
            headers.append(
                ("Access-Control-Expose-Headers", rule.exposedHeaders.joined(separator: ", ")))
        }
        if let seconds = rule.maxAgeSeconds {
            headers.append(("Access-Control-Max-Age", "\(seconds)"))
        }
        if allowed != "*" { headers.append(("Access-Control-Allow-Credentials", "true")) }
        return headers + [("Vary", Self.vary)]
    }

    func allowsPreflight(_ call: StoreCall, origin: String) -> Bool {
        rule(for: call, origin: origin) != nil
    }
}

extension StoreCall {
    /// The names of `Access-Control-Request-Headers`, in lower case.
    fileprivate var requestedHeaders: [String] {
        (header("access-control-request-headers") ?? "").lowercased().split(separator: ",").map {
            String($0.filter { $0 != " " && $0 != "\t" })
        }.filter { !$0.isEmpty }
    }
}

extension StoreHandler {
    /// Preflights are not authenticated (recorded).
    func answerPreflight(_ call: StoreCall) throws(S3Failure) {
        guard let origin = call.header("origin") else {
            throw S3Failure(
                400, "BadRequest", "Insufficient information. Origin request header needed.")
        }
        let method = call.header("access-control-request-method")
        guard let name = call.address.bucket, let bucket = try? store.bucket(name) else {
            throw Self.forbidden("Bucket not found", method, "BUCKET")
        }
        guard let cors = bucket.cors else {
            throw Self.forbidden("CORS is not enabled for this bucket.", method, "BUCKET")
        }
        guard method != nil else {
            throw S3Failure(
                400, "BadRequest", "Invalid Access-Control-Request-Method: null")
        }
        guard cors.allowsPreflight(call, origin: origin) else {
            throw Self.forbidden(
                "This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
                method, call.address.key == nil ? "BUCKET" : "OBJECT")
        }
        call.answer(HTTPResponse(status: 200))
    }

    private static func forbidden(
        _ reason: String, _ method: String?, _ resource: String
    ) -> S3Failure {
        S3Failure(
            403, "AccessForbidden", "CORSResponse: \(reason)",
            ["Method": method ?? "OPTIONS", "ResourceType": resource])
    }

    func routeCORS(_ call: StoreCall, _ bucket: Bucket) throws(S3Failure) {
        switch call.method {
        case "GET":
            guard let cors = bucket.cors else {
                throw S3Failure(
                    404, "NoSuchCORSConfiguration", "The CORS configuration does not exist",
                    ["BucketName": bucket.name])
            }
            call.answer(.document("CORSConfiguration") { cors.write(to: &$0) })
        case "PUT":
            try receiveDocument(call) { bytes throws(S3Failure) in
                bucket.cors = try CORSConfiguration(XMLReader.read(bytes))
                return HTTPResponse(status: 200)
            }
        case "DELETE":
            bucket.cors = nil
            call.answer(HTTPResponse(status: 204))
        default: throw .methodNotAllowed
        }
    }
}
