import NetIO
import Testing

@Suite struct ChunkedDecoderTests {
    /// The data, whether it is complete, and the number of bytes left over.
    private func decode(
        _ text: String, step: Int, limits: ChunkedLimits = ChunkedLimits()
    ) throws -> (data: String, isComplete: Bool, left: Int) {
        var decoder = ChunkedDecoder(limits: limits)
        var data: [UInt8] = []
        var left = 0
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: step) {
            let piece = bytes[start..<min(start + step, bytes.count)]
            try piece.withUnsafeBytes { buffer in
                var input = buffer
                while let run = try decoder.next(&input) { data += run }
                left += input.count
            }
        }
        return (String(decoding: data, as: UTF8.self), decoder.isComplete, left)
    }

    @Test(arguments: [
        ("0\r\n\r\n", "", true, 0),
        ("5\r\nhello\r\n0\r\n\r\n", "hello", true, 0),
        ("3\r\nabc\r\nA\r\n0123456789\r\n00\r\n\r\n", "abc0123456789", true, 0),
        ("1;a=b;c=\"d e\"\r\nx\r\n0;last\r\n\r\n", "x", true, 0),
        ("1 ;a\r\nx\r\n0\r\n\r\n", "x", true, 0),
        ("1\r\nx\r\n0\r\nETag: \"1\"\r\nX:\r\n\r\n", "x", true, 0),
        ("1\r\nx\r\n0\r\n\r\nHTTP/1.1", "x", true, 8),
        ("5\r\nhel", "hel", false, 0),
        ("1\r\nx\r\n0\r\n", "x", false, 0),
    ])
    func `data comes out of its framing however it is cut`(
        _ text: String, _ data: String, _ isComplete: Bool, _ left: Int
    ) throws {
        for step in 1...(text.utf8.count) {
            let result = try decode(text, step: step)
            #expect(result.data == data)
            #expect(result.isComplete == isComplete)
            #expect(result.left == left)
        }
    }

    @Test(arguments: [
        "\r\n", "g\r\n", "-1\r\n", "0x1\r\n", " 1\r\n", "1\nx\n0\n\n", "1\r\nxy\r\n0\r\n\r\n",
        "1\r\nx0\r\n\r\n", "1\rx\r\n", "1;a\nb\r\n", "1\r\nx\r\n0\r\n fold\r\n\r\n",
        "1\r\nx\r\n0\r\nbad name: x\r\n\r\n", "1\r\nx\r\n0\r\nX: a\nY: b\r\n\r\n",
        "ffffffffffffffff\r\n", "00000000000000000001\r\n", "1\r\nx\r\n0\r\n\rx",
    ])
    func `framing that two parties could read differently is refused`(_ text: String) {
        for step in [1, 3, text.utf8.count] {
            #expect(throws: SyntaxError.self) { try decode(text, step: step) }
        }
    }

    @Test func `limits are named`() {
        var limits = ChunkedLimits()
        limits.sizeLineBytes = 10
        limits.extensionsBytes = 15
        limits.trailersBytes = 20
        #expect(throws: SyntaxError.tooLarge(limit: "sizeLineBytes", 10)) {
            try decode("1;aaaaaaaaaaaaaaa\r\n", step: 1, limits: limits)
        }
        #expect(throws: SyntaxError.tooLarge(limit: "extensionsBytes", 15)) {
            try decode("1;aaaaaaa\r\nx\r\n1;aaaaaaaa\r\nx\r\n", step: 1, limits: limits)
        }
        #expect(throws: SyntaxError.tooLarge(limit: "trailersBytes", 20)) {
            try decode("0\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n\r\n", step: 1, limits: limits)
        }
    }
}
