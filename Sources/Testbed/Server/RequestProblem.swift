/// Why a server refuses a request before any role sees it. All of them close the connection: what
/// follows on it can no longer be told apart.
package enum RequestProblem: Error, Equatable {
    case malformed(String)
    case requestLineTooLong(limitBytes: Int)
    case fieldsTooLarge(limitBytes: Int)
    case tooManyFields(limit: Int)
    case versionNotSupported
    case transferCodingNotSupported
    case tooManyConnections(limit: Int)
    case headTimedOut
    case bodyTimedOut

    package var status: Int {
        switch self {
        case .malformed: 400
        case .requestLineTooLong: 414
        case .fieldsTooLarge, .tooManyFields: 431
        case .versionNotSupported: 505
        case .transferCodingNotSupported: 501
        case .headTimedOut, .bodyTimedOut: 408
        case .tooManyConnections: 503
        }
    }

    package var message: String {
        switch self {
        case .malformed(let what): what
        case .requestLineTooLong(let limit): "The request line exceeds requestLineBytes (\(limit))"
        case .fieldsTooLarge(let limit): "The header fields exceed fieldsBytes (\(limit))"
        case .tooManyFields(let limit): "There are more header fields than fieldCount (\(limit))"
        case .versionNotSupported: "Only HTTP/1.0 and HTTP/1.1 are spoken here"
        case .transferCodingNotSupported: "The only transfer coding known here is chunked"
        case .tooManyConnections(let limit): "There are more than connections (\(limit)) already"
        case .headTimedOut: "The request head did not arrive within headTimeout"
        case .bodyTimedOut: "The request body came too slowly (stallTimeout, slowestBodyBytes)"
        }
    }
}
