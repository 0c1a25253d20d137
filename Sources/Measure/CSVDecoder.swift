/// A CSV file that cannot be what it should be: where, and why.
package struct CSVError: Error, Equatable, CustomStringConvertible {
    /// Line of the file, from 1; 0 for what has no line.
    package let line: Int
    /// The name of the column, where one is at fault.
    package let column: String?
    package let reason: String

    package init(line: Int, column: String? = nil, reason: String) {
        self.line = line
        self.column = column
        self.reason = reason
    }

    package var description: String {
        let places = [line > 0 ? "line \(line)" : nil, column.map { "column \($0)" }]
        let place = places.compactMap { $0 }.joined(separator: ", ")
        return place.isEmpty ? reason : "\(place): \(reason)"
    }
}

/// A small CSV file (RFC 4180) as rows of fields, all in memory; `CSVReader` says what it refuses.
package struct CSVDecoder {
    package private(set) var header: [String] = []
    package private(set) var rows: [[String]] = []

    package init(_ bytes: [UInt8]) throws(CSVError) {
        var rest: [UInt8]? = bytes
        var reader = try CSVReader { () throws(CSVError) in
            defer { rest = nil }
            return rest ?? []
        }
        header = reader.header
        while try reader.advance() {
            var row: [String] = []
            for index in header.indices { row.append(try reader.text(index)) }
            rows.append(row)
        }
    }

    /// The position of a column, by its name.
    package func column(_ name: String) -> Int? { header.firstIndex(of: name) }
}
