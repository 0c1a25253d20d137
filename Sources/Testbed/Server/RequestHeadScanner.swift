import Glibc

/// Finds the end of a request head, however its bytes are cut, looking at each byte once.
struct RequestHeadScanner {
    private var lineStart = 0
    private var scanned = 0
    private var requestLineEnd: Int?

    /// The length of the head with its blank line, or nil if more bytes are needed. `bytes` is
    /// all that arrived since the head began, so it only grows between calls.
    mutating func end(
        in bytes: UnsafeRawBufferPointer, limits: ServerLimits
    ) throws(RequestProblem) -> Int? {
        while let newline = nextNewline(in: bytes) {
            // RFC 9112 §2.2 lets a recipient take a bare LF; two parties that disagree on it
            // can be made to see different requests, so it is refused.
            guard newline > lineStart, bytes[newline - 1] == UInt8(ascii: "\r") else {
                throw .malformed("A line of the head does not end in CR LF")
            }
            let isBlank = newline - 1 == lineStart
            lineStart = newline + 1
            scanned = lineStart
            if isBlank, requestLineEnd != nil {
                try checkSizes(upTo: lineStart, limits: limits)
                return lineStart
            }
            // RFC 9112 §2.2: an empty line before the request line is ignored.
            if !isBlank, requestLineEnd == nil { requestLineEnd = lineStart }
            try checkSizes(upTo: lineStart, limits: limits)
        }
        scanned = bytes.count
        try checkSizes(upTo: bytes.count, limits: limits)
        return nil
    }

    private func nextNewline(in bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress, scanned < bytes.count,
            let found = memchr(base + scanned, 0x0A, bytes.count - scanned)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    private func checkSizes(
        upTo end: Int, limits: ServerLimits
    ) throws(RequestProblem) {
        let lineEnd = requestLineEnd ?? end
        guard lineEnd <= limits.requestLineBytes else {
            throw .requestLineTooLong(limitBytes: limits.requestLineBytes)
        }
        guard end - lineEnd <= limits.fieldsBytes else {
            throw .fieldsTooLarge(limitBytes: limits.fieldsBytes)
        }
    }
}
