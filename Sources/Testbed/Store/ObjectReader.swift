/// Hands out a range of an object. Bytes that `discard` did not keep read as zeros.
final class ObjectReader: BodySource {
    private let content: ObjectContent
    private var position: Int64
    private let end: Int64
    private var piece = 0
    private var pieceStart: Int64 = 0

    init(_ content: ObjectContent, range: Range<Int64>) {
        self.content = content
        position = range.lowerBound
        end = range.upperBound
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let wanted = Int(min(Int64(buffer.count), end - position))
        guard wanted > 0 else { return 0 }
        while piece < content.pieces.count,
            pieceStart + Int64(content.pieces[piece].count) <= position
        {
            pieceStart += Int64(content.pieces[piece].count)
            piece += 1
        }
        guard piece < content.pieces.count else {
            UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(wanted)).initializeMemory(
                as: UInt8.self, repeating: 0)
            position += Int64(wanted)
            return wanted
        }
        let bytes = content.pieces[piece]
        let offset = Int(position - pieceStart)
        let count = min(wanted, bytes.count - offset)
        buffer.copyBytes(from: bytes[offset..<(offset + count)])
        position += Int64(count)
        return count
    }
}
