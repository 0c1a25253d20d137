@testable import Measure

/// A CSV file. However its blocks are cut, the same rows come out, or the same error; what is read
/// is written and read again alike; and fields are read as numbers as the standard library does.
enum CSVTarget {
    static func run(_ input: [UInt8]) throws {
        let pieces = Pieces(input)
        var first: Trace?
        for arrival in pieces.arrivals() {
            let trace = try trace(pieces.data, arrival)
            guard let first else {
                first = trace
                continue
            }
            try expect(trace == first, "cut in \(arrival.count): \(trace), at once: \(first)")
        }
        if let first, first.error == nil { try roundTrip(first) }
    }

    private struct Trace: Equatable {
        var rows: [[String]] = []
        var error: CSVError?
    }

    private static func trace(_ data: [UInt8], _ arrival: [Range<Int>]) throws -> Trace {
        var trace = Trace()
        var rest = arrival[...]
        do {
            var reader = try CSVReader { () throws(CSVError) in
                rest.popFirst().map { Array(data[$0]) } ?? []
            }
            trace.rows.append(reader.header)
            while try reader.advance() {
                var row: [String] = []
                for index in reader.header.indices {
                    try checkNumbers(reader, index)
                    row.append(try reader.text(index))
                }
                trace.rows.append(row)
                try expect(reader.line >= trace.rows.count, "the row is on line \(reader.line)")
            }
        } catch let error as CSVError {
            try expect(error.line >= 0 && !error.reason.isEmpty, "\(error)")
            trace.error = error
        }
        return trace
    }

    private static func checkNumbers(_ reader: CSVReader, _ index: Int) throws {
        let text = String(decoding: reader.bytes(index), as: UTF8.self)
        let integer = try? reader.integer(index)
        if let integer { try expect(Int64(text) == integer, "'\(text)' as \(integer)") }
        if integer == nil, let value = Int64(text), !text.hasPrefix("+") {
            // The last few numbers before the end of the range may be refused.
            try expect(value.magnitude > UInt64(Int64.max) - 16, "'\(text)' is a whole number")
        }
        if let decimal = try? reader.decimal(index) {
            try expect(Double(text) == decimal && decimal.isFinite, "'\(text)' as \(decimal)")
        }
    }

    private static func roundTrip(_ first: Trace) throws {
        var encoder = CSVEncoder()
        for row in first.rows {
            for field in row { encoder.field(field) }
            encoder.endRow()
        }
        let bytes = encoder.take()
        let again = try trace(bytes, [0..<bytes.count])
        try expect(again == first, "written and read again: \(again), first: \(first)")
    }
}
