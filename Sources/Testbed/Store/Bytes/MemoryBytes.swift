/// How much of the memory limit is taken. It belongs to the store's thread.
final class MemoryBudget {
    let limitBytes: Int64
    private(set) var usedBytes: Int64 = 0

    init(limitBytes: Int64) { self.limitBytes = limitBytes }

    func checkRoom(for bytes: Int64) throws(S3Failure) {
        guard bytes <= limitBytes - usedBytes else { throw .storeFull(limitBytes: limitBytes) }
    }

    func take(_ bytes: Int64) throws(S3Failure) {
        try checkRoom(for: bytes)
        usedBytes += bytes
    }

    func giveBack(_ bytes: Int64) { usedBytes -= bytes }
}

/// Bytes in memory, in chunks of one size (but the last), so that nothing moves as they grow.
final class MemoryBytes: StoredBytes {
    fileprivate(set) var count: Int64 = 0
    fileprivate let chunkBytes: Int
    fileprivate var chunks: [UnsafeMutableRawBufferPointer] = []
    private let budget: MemoryBudget

    fileprivate init(_ budget: MemoryBudget, chunkBytes: Int) {
        self.budget = budget
        self.chunkBytes = chunkBytes
    }

    deinit {
        for chunk in chunks { chunk.deallocate() }
        budget.giveBack(count)
    }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let (index, start) = offset.quotientAndRemainder(dividingBy: Int64(chunkBytes))
        let room = min(Int64(chunkBytes) - start, count - offset, Int64(buffer.count))
        guard room > 0, Int(index) < chunks.count else { return -1 }
        let chunk = chunks[Int(index)]
        buffer.copyMemory(
            from: UnsafeRawBufferPointer(rebasing: chunk[Int(start)..<Int(start + room)]))
        return Int(room)
    }

    fileprivate func append(
        _ bytes: UnsafeRawBufferPointer, expectedBytes: Int64?
    ) throws(S3Failure) {
        try budget.take(Int64(bytes.count))
        var rest = bytes
        while rest.count > 0 {
            let used = Int(count - Int64(max(0, chunks.count - 1)) * Int64(chunkBytes))
            if chunks.isEmpty || used == chunkBytes {
                chunks.append(makeChunk(expectedBytes))
                continue
            }
            guard let chunk = chunks.last else { return }
            let taken = min(chunk.count - used, rest.count)
            guard taken > 0 else {
                growLast()
                continue
            }
            UnsafeMutableRawBufferPointer(rebasing: chunk[used..<(used + taken)])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<taken]))
            count += Int64(taken)
            rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
        }
    }

    /// Never larger than a chunk, whatever length the client claims.
    private func makeChunk(_ expectedBytes: Int64?) -> UnsafeMutableRawBufferPointer {
        let expected = expectedBytes.map { max($0 - count, 1) } ?? Int64(chunkBytes)
        return .allocate(byteCount: Int(min(expected, Int64(chunkBytes))), alignment: 16)
    }

    /// More came than was announced.
    private func growLast() {
        guard let last = chunks.popLast() else { return }
        let grown = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkBytes, alignment: 16)
        grown.copyMemory(from: UnsafeRawBufferPointer(last))
        last.deallocate()
        chunks.append(grown)
    }
}

final class MemoryWriter: BytesWriter {
    private static let largestChunkBytes = 1 << 20
    private let bytes: MemoryBytes
    private let expectedBytes: Int64?

    init(_ budget: MemoryBudget, expectedBytes: Int64?) {
        self.expectedBytes = expectedBytes
        let chunk = expectedBytes.map { max(1, min($0, Int64(Self.largestChunkBytes))) } ?? 65_536
        bytes = MemoryBytes(budget, chunkBytes: Int(chunk))
    }

    func append(_ received: UnsafeRawBufferPointer) throws(S3Failure) {
        try bytes.append(received, expectedBytes: expectedBytes)
    }

    func finish() -> any StoredBytes { bytes }
}

/// A size and the first bytes, so that the type of an object can still be told.
final class DiscardedBytes: StoredBytes, BytesWriter {
    private static let keptBytes = 512
    private(set) var count: Int64 = 0
    private var head: [UInt8] = []

    var readableBytes: Int64 { Int64(head.count) }

    func append(_ bytes: UnsafeRawBufferPointer) {
        let room = Self.keptBytes - head.count
        if room > 0 { head += bytes.prefix(room) }
        count += Int64(bytes.count)
    }

    func finish() -> any StoredBytes { self }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard offset < head.count else { return -1 }
        let run = head[Int(offset)...].prefix(buffer.count)
        buffer.copyBytes(from: run)
        return run.count
    }
}

typealias DiscardingWriter = DiscardedBytes
