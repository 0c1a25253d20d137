import Foundation
package import Transfer

/// Where the backend's API is, and the token that its clients carry.
package struct GatewayAPI: Sendable {
    let origin: Origin
    let pathPrefix: String
    let bucket: String
    /// The header line with the token, ready to be copied; empty for an open gateway.
    private let authorization: String

    package init(origin: Origin, pathPrefix: String, bucket: String, token: String?) {
        self.origin = origin
        self.pathPrefix = pathPrefix
        self.bucket = bucket
        authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
    }

    /// A permission to PUT or POST one file.
    struct Permission: Decodable {
        struct Content: Decodable {
            let url: String
            let fields: [String: String]?
        }
        let id: String
        let data: Content
    }

    func permissionRequest(
        _ path: String, for content: UploadContent, isAccelerated: Bool
    ) -> Request {
        let query =
            "contentType=\(Self.escaped(content.contentType))"
            + "&filename=\(Self.escaped(content.fileName))"
            + (isAccelerated ? "&accelerate=true" : "")
        return get("\(path)?\(query)")
    }

    func get(_ target: String) -> Request {
        Request(origin: origin, head: head("GET", target, fields: ""), body: [])
    }

    func permission(in answer: Answer) -> Permission? {
        guard answer.status == 200 else { return nil }
        let permission = try? JSONDecoder().decode(Permission.self, from: Data(answer.body))
        return permission?.id == "" ? nil : permission
    }

    /// Tells the API that the object is there.
    func reviewRequest(key: String) -> Request {
        post(
            "/reviews",
            [
                BodySlice(
                    bytes: Array(
                        #"{"bucket":"\#(Self.jsonEscaped(bucket))","key":"\#(Self.jsonEscaped(key))"}"#
                            .utf8))
            ])
    }

    /// A POST of JSON.
    ///
    /// - Parameter fields: more header lines.
    func post(_ target: String, _ body: [BodySlice], fields more: String = "") -> Request {
        let length = body.reduce(0) { $0 + $1.count }
        let fields = "Content-Type: application/json\r\nContent-Length: \(length)\r\n" + more
        return Request(origin: origin, head: head("POST", target, fields: fields), body: body)
    }

    /// A PUT of the file itself, to the API or to an edge that takes the same token.
    func put(_ target: String, _ content: UploadContent, fields: String = "") -> Request {
        put(
            target, content.body, contentType: content.contentType, fields: fields)
    }

    func put(
        _ target: String, _ body: [BodySlice], contentType: String, fields: String = ""
    ) -> Request {
        let length = body.reduce(0) { $0 + $1.count }
        let fields = "Content-Type: \(contentType)\r\nContent-Length: \(length)\r\n" + fields
        return Request(origin: origin, head: head("PUT", target, fields: fields), body: body)
    }

    private func head(_ method: String, _ target: String, fields: String) -> [UInt8] {
        Array(
            """
            \(method) \(pathPrefix)\(target) HTTP/1.1\r\nHost: \(origin.authority)\r\n\
            \(authorization)\(fields)\r\n
            """.utf8)
    }

    /// Percent-encodes all but RFC 3986's unreserved characters.
    static func escaped(_ text: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let isUnreserved =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
            if isUnreserved {
                bytes.append(byte)
            } else {
                bytes += [0x25, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// RFC 8259 §7: quotes, backslashes and control characters.
    static func jsonEscaped(_ text: String) -> String {
        let mustEscape = { (scalar: Unicode.Scalar) in
            scalar == "\"" || scalar == "\\" || scalar.value < 0x20
        }
        guard text.unicodeScalars.contains(where: mustEscape) else { return text }
        return text.unicodeScalars.map { scalar in
            guard mustEscape(scalar) else { return String(scalar) }
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }
}
