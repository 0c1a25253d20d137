import NetIO

@testable import Testbed

/// Requests on one connection: heads, bodies by length and chunked, one after the other. However
/// they are cut, the same requests with the same bodies must come out, and be refused alike.
enum HTTPTarget {
    static func run(_ input: [UInt8]) throws {
        let pieces = Pieces(input)
        var first: Trace?
        for arrival in pieces.arrivals() {
            var connection = Connection()
            for range in arrival {
                try pieces.data.withExactBytes(range) { try connection.take($0) }
            }
            guard let first else {
                first = connection.trace
                continue
            }
            try expect(
                connection.trace == first,
                "cut in \(arrival.count): \(connection.trace), at once: \(first)")
        }
    }

    private struct Trace: Equatable {
        var requests: [String] = []
        var bodies: [[UInt8]] = []
        var isRefused = false
        var isBodyComplete = true
    }

    /// The part of a server's connection that reads.
    private struct Connection {
        var trace = Trace()
        private var heads = HeadReader()
        private var body = IncomingBody.none

        mutating func take(_ piece: UnsafeRawBufferPointer) throws {
            var bytes = piece
            while !bytes.isEmpty, !trace.isRefused {
                let before = bytes.count
                if body.isComplete { try takeHead(&bytes) } else { try takeBody(&bytes) }
                try expect(bytes.count < before || trace.isRefused, "no progress")
                trace.isBodyComplete = body.isComplete
            }
            let limits = ServerLimits()
            let bound = limits.requestLineBytes + limits.fieldsBytes + piece.count
            try expect(heads.pending.count <= bound, "\(heads.pending.count) bytes are pending")
        }

        private mutating func takeHead(_ bytes: inout UnsafeRawBufferPointer) throws {
            let head: RequestHead?
            do throws(RequestProblem) {
                head = try heads.next(&bytes, limits: ServerLimits())
            } catch {
                try expect(error.status >= 400 && !error.message.isEmpty, "\(error)")
                trace.isRefused = true
                return
            }
            guard let request = head?.request else { return }
            try HTTPTarget.check(request)
            body = IncomingBody(request)
            trace.requests.append(HTTPTarget.text(request) + " \(head?.keepsAlive ?? false)")
            trace.bodies.append([])
        }

        private mutating func takeBody(_ bytes: inout UnsafeRawBufferPointer) throws {
            do throws(SyntaxError) {
                while let data = try body.next(&bytes) {
                    trace.bodies[trace.bodies.count - 1] += data
                }
            } catch {
                trace.isRefused = true
            }
        }
    }

    private static func text(_ request: HTTPRequest) -> String {
        let fields = request.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
        return "\(request.method) \(request.rawPath)?\(request.rawQuery)\n\(fields)\n"
            + "\(request.contentLength ?? -1) \(request.isChunked)"
    }

    /// What a role relies on.
    private static func check(_ request: HTTPRequest) throws {
        try expect(
            request.contentLength == nil || !request.isChunked, "two lengths: \(text(request))")
        try expect((request.contentLength ?? 0) >= 0, "a negative length")
        try expect(
            request.rawPath.hasPrefix("/")
                || (request.method == "OPTIONS" && request.rawPath == "*"),
            "the path \(request.rawPath)")
        var section: [UInt8] = []
        for (name, value) in request.headers {
            try expect(
                value.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7F) || $0 == 9 },
                "the value '\(value)' of \(name)")
            section += Array("\(name):\(value)\r\n".utf8)
        }
        // The client's parser of fields must see what the server's saw.
        var count = 0
        try section.withExactBytes(section.indices) { bytes in
            try FieldSection.parse(bytes, limits: FieldLimits(fieldsBytes: 1 << 20)) {
                (_, _) throws(SyntaxError) in count += 1
            }
        }
        try expect(count == Array(request.headers).count, "\(count) fields")
        let lengths = request.headers.all("content-length")
        try expect(lengths.count <= 1, "Content-Length twice")
        try expect(
            lengths.isEmpty == (request.contentLength == nil), "a length that is not the field's")
    }
}
