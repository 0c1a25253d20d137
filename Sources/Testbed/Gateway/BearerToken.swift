import NetIO
import Presign

/// Tells a request's user from its token.
struct BearerToken {
    private let digest: [UInt8]?
    private let name: String

    init(_ configuration: GatewayConfiguration) {
        digest = configuration.tokenDigest?.bytes
        name = configuration.user
    }

    /// The user that the token was given to; nil when it is missing or wrong.
    func user(of request: HTTPRequest) -> String? {
        user(authorization: request.headers.first("Authorization"))
    }

    /// - Parameter authorization: the field's value.
    func user(authorization: String?) -> String? {
        guard let digest else { return "anonymous" }
        // RFC 9110 §11.1: the scheme's case does not matter.
        guard let field = authorization, isSameToken(field.prefix(7), "bearer "),
            constantTimeEqual(SHA256.digest(Array(field.utf8.dropFirst(7))).bytes, digest)
        else { return nil }
        return name
    }
}
