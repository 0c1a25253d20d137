import NetIO

/// What is still to come of a request's body.
enum IncomingBody {
    case none
    case fixed(left: Int64)
    case chunked(ChunkedDecoder)

    init(_ request: HTTPRequest) {
        if request.isChunked {
            self = .chunked(ChunkedDecoder())
        } else if let length = request.contentLength, length > 0 {
            self = .fixed(left: length)
        } else {
            self = .none
        }
    }

    var isComplete: Bool {
        switch self {
        case .none: true
        case .fixed(let left): left == 0
        case .chunked(let decoder): decoder.isComplete
        }
    }

    /// The next run of data off the front of `bytes`; nil when there is none.
    mutating func next(
        _ bytes: inout UnsafeRawBufferPointer
    ) throws(SyntaxError) -> UnsafeRawBufferPointer? {
        switch self {
        case .none: return nil
        case .fixed(let left):
            let count = Int(min(left, Int64(bytes.count)))
            guard count > 0 else { return nil }
            let data = bytes.slice(0..<count)
            bytes = bytes.slice(count..<bytes.count)
            self = .fixed(left: left - Int64(count))
            return data
        case .chunked(var decoder):
            let data = try decoder.next(&bytes)
            self = .chunked(decoder)
            return data
        }
    }
}
