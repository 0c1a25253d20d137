@testable import Testbed

/// A multipart/form-data body, whose boundary the first line names. However it is cut, the same
/// fields and the same file must come out.
enum FormTarget {
    static func run(_ input: [UInt8]) throws {
        let pieces = Pieces(input)
        let boundary = boundary(of: pieces.data)
        var first: Trace?
        for arrival in pieces.arrivals() {
            let trace = try trace(pieces.data, arrival, boundary)
            guard let first else {
                first = trace
                continue
            }
            try expect(trace == first, "cut in \(arrival.count): \(trace), at once: \(first)")
        }
        if let first, first.isComplete { try roundTrip(first, boundary) }
    }

    private struct Trace: Equatable {
        var fields: [String] = []
        var fileName: String?
        var fileOffset: Int64?
        var file: [UInt8] = []
        var isFileEnded = false
        var isComplete = false
        var isRefused = false
    }

    private static func boundary(of data: [UInt8]) -> [UInt8] {
        let line = data.prefix { $0 != 13 && $0 != 10 }
        guard line.count > 2, line.starts(with: "--".utf8), line.count <= 202 else { return [98] }
        return Array(line.dropFirst(2))
    }

    private static func trace(
        _ data: [UInt8], _ arrival: [Range<Int>], _ boundary: [UInt8]
    ) throws -> Trace {
        var parser = FormParser(boundary: boundary)
        var trace = Trace()
        for range in arrival {
            data.withExactBytes(range) { bytes in
                do throws(S3Failure) {
                    try parser.parse(bytes) { (event) throws(S3Failure) in take(event, &trace) }
                } catch {
                    trace.isRefused = true
                }
            }
            if trace.isRefused { break }
        }
        trace.isComplete = parser.isComplete
        let isSane = trace.fileOffset.map { $0 >= 0 && $0 <= data.count } ?? true
        try expect(isSane, "the file begins at \(trace.fileOffset ?? -1) of \(data.count)")
        try expect(trace.file.count <= data.count, "the file is longer than the body")
        // A refusal may come earlier or later: what was seen before it does not matter.
        return trace.isRefused ? Trace(isRefused: true) : trace
    }

    private static func take(_ event: FormEvent, _ trace: inout Trace) {
        switch event {
        case .field(let name, let value): trace.fields.append("\(name)=\(value)")
        case .fileStart(let name, let offset):
            (trace.fileName, trace.fileOffset) = (name, offset)
        case .fileData(let bytes): trace.file += bytes
        case .fileEnd: trace.isFileEnded = true
        }
    }

    /// The file, sent in a form of one's own, arrives as it is.
    private static func roundTrip(_ first: Trace, _ boundary: [UInt8]) throws {
        guard first.isFileEnded else { return }
        let delimiter = Array("\r\n--".utf8) + boundary
        let body =
            Array("--".utf8) + boundary
            + Array("\r\nContent-Disposition: form-data; name=file\r\n\r\n".utf8) + first.file
            + delimiter + Array("--\r\n".utf8)
        // The file may begin with the end of a delimiter; then it is another form.
        let again = try trace(body, [0..<body.count], boundary)
        try expect(again.file == first.file && again.isComplete, "the file does not round-trip")
    }
}
