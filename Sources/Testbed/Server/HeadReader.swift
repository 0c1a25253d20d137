import NetIO

/// Collects request heads from bytes as they arrive.
struct HeadReader {
    /// A part of a head, or bytes that came with a request before they could be used.
    private(set) var pending: [UInt8] = []
    private var scanner = RequestHeadScanner()
    /// Did they come over TLS?
    var isSecure = false

    /// Puts bytes aside that nobody can use yet.
    mutating func keep(_ bytes: UnsafeRawBufferPointer) { pending.append(contentsOf: bytes) }

    /// Hands over what was put aside.
    mutating func takePending() -> [UInt8] {
        defer { pending = [] }
        return pending
    }

    mutating func putBack(_ bytes: UnsafeRawBufferPointer) {
        pending.insert(contentsOf: bytes, at: 0)
    }

    /// A whole head off the front of what is pending and `bytes`; nil when more is needed, for
    /// which all of it is kept.
    mutating func next(
        _ bytes: inout UnsafeRawBufferPointer, limits: ServerLimits
    ) throws(RequestProblem) -> RequestHead? {
        let before = pending.count
        guard before > 0 else {
            guard let end = try scanner.end(in: bytes, limits: limits) else {
                keepAll(&bytes)
                return nil
            }
            scanner = RequestHeadScanner()
            let head = try RequestHead(
                parsing: bytes.slice(0..<end), limits: limits, isSecure: isSecure)
            bytes = bytes.slice(end..<bytes.count)
            return head
        }
        pending.append(contentsOf: bytes)
        guard let (head, end) = try parsePending(limits) else {
            bytes = bytes.slice(bytes.count..<bytes.count)
            return nil
        }
        pending = []
        scanner = RequestHeadScanner()
        bytes = bytes.slice((end - before)..<bytes.count)
        return head
    }

    private mutating func keepAll(_ bytes: inout UnsafeRawBufferPointer) {
        keep(bytes)
        bytes = bytes.slice(bytes.count..<bytes.count)
    }

    /// Carries the typed error out of `withUnsafeBytes`.
    private mutating func parsePending(
        _ limits: ServerLimits
    ) throws(RequestProblem) -> (RequestHead, Int)? {
        var result: Result<(RequestHead, Int)?, RequestProblem> = .success(nil)
        let whole = pending
        whole.withUnsafeBytes { all in
            do throws(RequestProblem) {
                guard let end = try scanner.end(in: all, limits: limits) else { return }
                result = .success(
                    (
                        try RequestHead(
                            parsing: all.slice(0..<end), limits: limits, isSecure: isSecure), end
                    ))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }
}
