/// Why a request or a form cannot be signed.
package enum SigningError: Error, Equatable, CustomStringConvertible {
    case expiresOutOfRange(seconds: Int)
    case keyEmpty
    case keyTooLong(bytes: Int)
    case methodInvalid(String)
    case headerInvalid(name: String)
    case queryParameterReserved(name: String)
    case bufferTooSmall(neededBytes: Int)

    package static let expiresSecondsRange = 1...604_800
    package static let keyBytesLimit = 1024

    package var description: String {
        switch self {
        case .expiresOutOfRange(let seconds):
            "expires \(seconds) s is outside 1 to 604800 s (7 days)"
        case .keyEmpty:
            "the key is empty"
        case .keyTooLong(let bytes):
            "the key has \(bytes) bytes, more than \(Self.keyBytesLimit)"
        case .methodInvalid(let method):
            "'\(method)' is not an HTTP method"
        case .headerInvalid(let name):
            "the header '\(name)' cannot be signed: not a header name, or a line break in its value"
        case .queryParameterReserved(let name):
            "the query parameter '\(name)' belongs to the signature"
        case .bufferTooSmall(let neededBytes):
            "the buffer is too small: \(neededBytes) bytes are needed"
        }
    }

    static func check(expiresSeconds: Int) throws(SigningError) {
        guard expiresSecondsRange.contains(expiresSeconds) else {
            throw .expiresOutOfRange(seconds: expiresSeconds)
        }
    }

    @inline(__always)
    static func check(keyBytes: Int) throws(SigningError) {
        if keyBytes == 0 { throw .keyEmpty }
        if keyBytes > keyBytesLimit { throw .keyTooLong(bytes: keyBytes) }
    }

    static func check(method: String) throws(SigningError) {
        let isToken = method.utf8.allSatisfy { (0x41...0x5A).contains($0) || $0 == 0x2D }
        guard isToken, !method.isEmpty else { throw .methodInvalid(method) }
    }

    static func check(headers: [NameValue]) throws(SigningError) {
        for (name, value) in headers {
            // RFC 9110 §5.6.2: a field name is a token.
            let isToken = name.utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && !"()<>@,;:\\\"/[]?={}".utf8.contains($0)
            }
            let isLine = value.utf8.allSatisfy { $0 != 0x0A && $0 != 0x0D && $0 != 0 }
            guard isToken, !name.isEmpty, isLine else { throw .headerInvalid(name: name) }
        }
    }

    static func check(query: [NameValue]) throws(SigningError) {
        let reserved: Set<String> = [
            "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
            "X-Amz-SignedHeaders", "X-Amz-Security-Token", "X-Amz-Signature",
        ]
        for (name, _) in query where reserved.contains(name) {
            throw .queryParameterReserved(name: name)
        }
    }
}

/// A header, a decoded query parameter or a form field.
package typealias NameValue = (name: String, value: String)
