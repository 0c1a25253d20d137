/// The bytes of an object or a part, immutable once written and shared by whoever reads them.
protocol StoredBytes: AnyObject {
    var count: Int64 { get }
    /// Reads at `offset`, which is below `count`; the number of bytes, or a negative number when
    /// they cannot be had.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int
    /// How much of the beginning can be read.
    var readableBytes: Int64 { get }
    /// Are they still as they were written? Asked before an answer promises them.
    func check() throws(S3Failure)
}

extension StoredBytes {
    var readableBytes: Int64 { count }
    func check() {}
}

/// Takes bytes in. One that is dropped before `finish` leaves nothing behind.
protocol BytesWriter: AnyObject {
    func append(_ bytes: UnsafeRawBufferPointer) throws(S3Failure)
    func finish() throws(S3Failure) -> any StoredBytes
}

/// An object's bytes: those of one request, or of the parts of a multipart upload in order.
struct ObjectContent {
    let segments: [any StoredBytes]
    let sizeBytes: Int64

    init(_ segments: [any StoredBytes]) {
        self.segments = segments
        sizeBytes = segments.reduce(0) { $0 + $1.count }
    }

    /// Can all bytes of the range be had?
    func checkReadable(_ range: Range<Int64>) throws(S3Failure) {
        var start: Int64 = 0
        for segment in segments {
            let end = start + segment.count
            guard !((start + segment.readableBytes)..<end).overlaps(range) else {
                throw .discarded
            }
            if (start..<end).overlaps(range) { try segment.check() }
            start = end
        }
    }
}

/// Reads a range of an object for an answer.
final class ContentReader: BodySource {
    private let segments: [any StoredBytes]
    private var index = 0
    /// Within the current segment.
    private var offset: Int64
    private var left: Int64

    init(_ content: ObjectContent, _ range: Range<Int64>) {
        segments = content.segments
        offset = range.lowerBound
        left = Int64(range.count)
        while index < segments.count, offset >= segments[index].count {
            offset -= segments[index].count
            index += 1
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        while index < segments.count, left > 0 {
            let segment = segments[index]
            let room = min(Int64(buffer.count), left, segment.count - offset)
            guard room > 0 else {
                index += 1
                offset = 0
                continue
            }
            let count = segment.read(
                at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(room)]))
            guard count > 0 else { return -1 }
            offset += Int64(count)
            left -= Int64(count)
            return count
        }
        return 0
    }
}
