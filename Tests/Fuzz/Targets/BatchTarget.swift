@testable import BenchRunner
@testable import Presign

/// Lines of `presign --batch`. A line's answer is the same behind others, which the signer learns
/// shapes from, as alone; each is one line of JSON.
enum BatchTarget {
    static func run(_ input: [UInt8]) throws {
        let lines = input.parts(at: 10).prefix(12)
        var together = PresignBatchSigner()
        for line in lines {
            var answer: [UInt8] = []
            together.answer(line, into: &answer)
            var alone = PresignBatchSigner()
            var expected: [UInt8] = []
            alone.answer(line, into: &expected)
            try expect(
                isSame(answer, expected),
                "\(String(decoding: answer, as: UTF8.self)) behind others, alone "
                    + String(decoding: expected, as: UTF8.self))
            guard !answer.isEmpty else { continue }
            try expect(answer.last == 10 && answer.dropLast().firstIndex(of: 10) == nil, "lines")
            let json = try JSONParser.parse(Array(answer.dropLast()))
            try expect(json["error"] != nil || json["signature"] != nil, "neither")
        }
    }

    /// But for the number of the line in an error.
    private static func isSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        let (a, b) = (String(decoding: a, as: UTF8.self), String(decoding: b, as: UTF8.self))
        return a == b || (a.contains("\"error\": \"line ") && b.contains("\"error\": \"line "))
    }
}
