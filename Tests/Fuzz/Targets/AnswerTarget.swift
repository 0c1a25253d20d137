import NetIO

@testable import Testbed
@testable import Transfer

/// An answer to the client, read by both clients: that of the bench and that of the roles behind the
/// gateway. However it is cut, each must read the same; and where both read it whole, alike.
enum AnswerTarget {
    static func run(_ input: [UInt8]) throws {
        let pieces = Pieces(input)
        let isHead = input.last.map { $0 & 1 == 1 } ?? false
        var first: (Trace, Trace)?
        for arrival in pieces.arrivals() {
            let bench = try readAsBench(pieces.data, arrival, isHead: isHead)
            let role = try readAsRole(pieces.data, arrival, isHead: isHead)
            guard let first else {
                first = (bench, role)
                continue
            }
            try expect(bench == first.0, "cut in \(arrival.count): \(bench), at once: \(first.0)")
            try expect(role == first.1, "cut in \(arrival.count): \(role), at once: \(first.1)")
        }
        guard let (bench, role) = first, bench.isComplete, role.isComplete else { return }
        try expect(bench == role, "the bench reads \(bench), a role \(role)")
    }

    private struct Trace: Equatable {
        var status = 0
        var fields: [String] = []
        var body: [UInt8] = []
        var isRefused = false
        var isComplete = false
    }

    private static func readAsBench(
        _ data: [UInt8], _ arrival: [Range<Int>], isHead: Bool
    ) throws -> Trace {
        let configuration = TransferConfiguration()
        var reader = AnswerReader(configuration)
        reader.begin(isHeadRequest: isHead)
        var trace = Trace()
        for range in arrival {
            try data.withExactBytes(range) { piece in
                var bytes = piece
                while !bytes.isEmpty, !trace.isRefused, !trace.isComplete {
                    let before = bytes.count
                    do throws(TransferFailure) {
                        trace.isComplete = try reader.take(&bytes) == .complete
                    } catch {
                        trace.isRefused = true
                    }
                    let moved = bytes.count < before || trace.isComplete || trace.isRefused
                    try expect(moved, "no progress")
                }
            }
        }
        guard !trace.isRefused, trace.isComplete else {
            return Trace(isRefused: trace.isRefused)
        }
        let answer = reader.takeAnswer()
        try expect(answer.body.count <= configuration.answerBodyLimitBytes, "the body is too long")
        trace.status = answer.status
        trace.body = answer.body
        trace.fields = answer.headers.map { "\($0.name): \($0.value)" }
        return trace
    }

    private static func readAsRole(
        _ data: [UInt8], _ arrival: [Range<Int>], isHead: Bool
    ) throws -> Trace {
        var reader = UpstreamAnswerReader(isHead: isHead, limits: UpstreamLimits())
        var trace = Trace()
        for range in arrival {
            data.withExactBytes(range) { piece in
                var bytes = piece
                do throws(SyntaxError) {
                    while !trace.isComplete, let event = try reader.next(&bytes) {
                        switch event {
                        case .head(let head):
                            trace.status = head.status
                            trace.fields = head.headers.map { "\($0.name): \($0.value)" }
                        case .data(let data): trace.body += data
                        case .end: trace.isComplete = true
                        }
                    }
                } catch {
                    trace.isRefused = true
                }
            }
            if trace.isRefused || trace.isComplete { break }
        }
        return trace.isComplete ? trace : Trace(isRefused: trace.isRefused)
    }
}
