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

    /// The user that the token was given to; nil when it is missing, wrong or one of two: another reader
    /// of the request could take the other (RFC 9110 §5.3 allows one only).
    func user(of request: HTTPRequest) -> String? {
        let fields = request.headers.filter { $0.name.equalsIgnoringCase("Authorization") }
        return user(authorization: fields.count == 1 ? fields[0].value : nil)
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
