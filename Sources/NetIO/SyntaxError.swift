/// Bytes that are not the HTTP/1.1 that they should be. What follows them on the connection can no
/// longer be told apart, so it has to be closed.
package enum SyntaxError: Error, Equatable, CustomStringConvertible {
    case malformed(String)
    /// `limit` is the name of the bound that was passed.
    case tooLarge(limit: String, Int)

    package var description: String {
        switch self {
        case .malformed(let what): what
        case .tooLarge(let limit, let bound): "more than \(limit) (\(bound))"
        }
    }
}
