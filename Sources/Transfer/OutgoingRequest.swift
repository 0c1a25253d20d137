import CCurl
import CLinux
import Glibc

/// A request as the connection sends it: the head and small body pieces copied behind each other
/// once, payloads where they are.
struct OutgoingRequest {
    private struct Segment {
        let start: UnsafeRawPointer
        let count: Int
    }

    private var segments: [Segment] = []
    private var current = 0
    private var offsetInCurrent = 0
    private(set) var headCount: Int
    private(set) var totalCount: Int
    private(set) var sentCount = 0

    /// - Parameter scratch: memory of the connection, grown if it is too small. It and the
    ///   request's payloads must outlive this value.
    init(_ request: Request, scratch: inout UnsafeMutableRawBufferPointer) {
        headCount = request.head.count
        var copied = headCount
        for case .bytes(let bytes) in request.body { copied += bytes.count }
        if scratch.count < copied {
            scratch.deallocate()
            scratch = .allocate(byteCount: (copied + 1023) & ~1023, alignment: 16)
        }
        totalCount = headCount
        guard let memory = scratch.baseAddress else { return }
        var end = memory
        func copy(_ bytes: [UInt8]) -> Segment {
            bytes.withUnsafeBytes {
                if let from = $0.baseAddress { end.copyMemory(from: from, byteCount: $0.count) }
            }
            defer { end += bytes.count }
            return Segment(start: UnsafeRawPointer(end), count: bytes.count)
        }
        segments.append(copy(request.head))
        for slice in request.body {
            totalCount += slice.count
            switch slice {
            case .bytes(let bytes): segments.append(copy(bytes))
            case .payload(let payload, let range):
                guard let base = payload.buffer.baseAddress, !range.isEmpty else { continue }
                segments.append(Segment(start: base + range.lowerBound, count: range.count))
            }
        }
    }

    var isSent: Bool { sentCount == totalCount }

    /// Calls `body` with up to eight pieces of at most `limit` bytes in all.
    func withPieces<Result>(
        limit: Int, _ body: (UnsafeMutablePointer<iovec>, Int) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: 8) { pieces in
            var (count, left, offset) = (0, limit, offsetInCurrent)
            for segment in segments[current...] where segment.count > 0 {
                guard count < 8, left > 0 else { break }
                let length = min(segment.count - offset, left)
                pieces[count] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: segment.start + offset),
                    iov_len: length)
                count += 1
                left -= length
                offset = 0
            }
            // A non-empty request always has a first piece.
            guard let first = pieces.baseAddress else { preconditionFailure("no pieces") }
            return body(first, count)
        }
    }

    mutating func advance(_ sent: Int) {
        sentCount += sent
        var left = sent
        while left > 0 {
            let rest = segments[current].count - offsetInCurrent
            if left < rest {
                offsetInCurrent += left
                return
            }
            left -= rest
            current += 1
            offsetInCurrent = 0
        }
    }
}
