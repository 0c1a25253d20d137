/// An input whose last two bytes say where it is cut, as a network would.
struct Pieces {
    let data: [UInt8]
    private var seed: UInt64

    init(_ input: [UInt8]) {
        data = Array(input.dropLast(2))
        seed = input.suffix(2).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The ways in which it arrives: at once, as the input says, and byte by byte unless that takes
    /// too long.
    func arrivals() -> [[Range<Int>]] {
        var arrivals = [[0..<data.count], cuts()]
        if data.count <= 2048 { arrivals.append(data.indices.map { $0..<($0 + 1) }) }
        return arrivals
    }

    /// Pieces that are mostly short, as it is at the borders of tokens that parsers go wrong.
    private func cuts() -> [Range<Int>] {
        var state = seed &+ 0x9E37_79B9_7F4A_7C15
        var cuts: [Range<Int>] = []
        var position = 0
        while position < data.count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let isLong = state >> 62 == 0
            let length = 1 + Int((state >> 33) % (isLong ? 4096 : 23))
            let end = min(data.count, position + length)
            cuts.append(position..<end)
            position = end
        }
        return cuts
    }
}

extension Array where Element == UInt8 {
    /// A copy of just these bytes, so that the sanitizer sees a read beside them.
    func withExactBytes<Result>(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: self[range])
        return try body(UnsafeRawBufferPointer(copy))
    }

    /// The bytes between separators, empty ones included.
    func parts(at separator: UInt8, limit: Int = .max) -> [ArraySlice<UInt8>] {
        split(separator: separator, maxSplits: limit - 1, omittingEmptySubsequences: false)
    }
}
