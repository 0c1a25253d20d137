/// Bytes that wait for their time, first in, first out.
struct ByteQueue {
    private var bytes: [UInt8] = []
    private var start = 0

    var count: Int { bytes.count - start }

    mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }

    /// The first bytes, at most `limit`.
    func withFirst<Value>(_ limit: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        bytes.withUnsafeBytes {
            body(UnsafeRawBufferPointer(rebasing: $0[start..<(start + min(limit, count))]))
        }
    }

    mutating func removeFirst(_ amount: Int) {
        start += amount
        if start == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            start = 0
        } else if start > 1 << 20, start > bytes.count / 2 {
            bytes.removeFirst(start)
            start = 0
        }
    }
}
