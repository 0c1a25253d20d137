import NetIO
import Presign

/// The event that API Gateway makes of a request for a Lambda proxy integration (API Gateway,
/// "Input format of a Lambda function for proxy integration"). Its size in JSON is what Lambda limits.
enum LambdaEvent {
    /// Bytes of the event: the envelope, and the body as a JSON string.
    static func sizeBytes(_ request: HTTPRequest, body: [UInt8]) -> Int64 {
        Int64(envelope(request).count) + escapedBytes(body)
    }

    /// The event with an empty body.
    static func envelope(_ request: HTTPRequest) -> [UInt8] {
        var single = "", multiple = ""
        for field in request.headers {
            let comma = single.isEmpty ? "" : ","
            let (name, value) = (quoted(field.name), quoted(field.value))
            single += "\(comma)\(name):\(value)"
            multiple += "\(comma)\(name):[\(value)]"
        }
        let path = quoted(request.rawPath)
        let method = quoted(request.method)
        // The context's values are of the lengths that AWS's have.
        return Array(
            """
            {"resource":\(path),"path":\(path),"httpMethod":\(method),"headers":{\(single)},\
            "multiValueHeaders":{\(multiple)},"queryStringParameters":null,\
            "multiValueQueryStringParameters":null,"pathParameters":null,"stageVariables":null,\
            "requestContext":{"resourceId":"123456","resourcePath":\(path),"httpMethod":\(method),\
            "extendedRequestId":"AbCdEfGhIjKlMnO=","requestTime":"01/Jan/2026:00:00:00 +0000",\
            "path":\(path),"accountId":"123456789012","protocol":"HTTP/1.1","stage":"prod",\
            "domainPrefix":"a1b2c3d4e5","requestTimeEpoch":1767225600000,\
            "requestId":"00000000-0000-0000-0000-000000000000","identity":{"sourceIp":"127.0.0.1"},\
            "domainName":"a1b2c3d4e5.execute-api.us-east-1.amazonaws.com","apiId":"a1b2c3d4e5"},\
            "body":"","isBase64Encoded":false}
            """.utf8)
    }

    /// Of the text inside its quotes: a quote and a backslash take two bytes, control characters two
    /// or six.
    static func escapedBytes(_ text: [UInt8]) -> Int64 {
        text.withUnsafeBytes { bytes in
            var extra: Int64 = 0
            for byte in bytes {
                if byte == 0x22 || byte == 0x5C {
                    extra += 1
                } else if byte < 0x20 {
                    extra += [0x08, 0x09, 0x0A, 0x0C, 0x0D].contains(byte) ? 1 : 5
                }
            }
            return Int64(bytes.count) + extra
        }
    }

    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONString.append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
