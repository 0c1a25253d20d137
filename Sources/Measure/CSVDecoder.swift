/// A CSV file that cannot be what it should be: where, and why.
package struct CSVError: Error, Equatable, CustomStringConvertible {
    /// Line of the file, from 1.
    package let line: Int
    package let reason: String

    package init(line: Int, reason: String) {
        self.line = line
        self.reason = reason
    }

    package var description: String { "line \(line): \(reason)" }
}

/// Reads CSV (RFC 4180) into rows of fields; a quote out of place, a row of another length or a
/// last line without its end (a truncated file) is an error.
package struct CSVDecoder {
    package private(set) var header: [String] = []
    package private(set) var rows: [[String]] = []

    package init(_ bytes: [UInt8]) throws(CSVError) {
        var parser = RowParser(bytes: bytes)
        guard let header = try parser.next() else {
            throw CSVError(line: 1, reason: "the file is empty")
        }
        self.header = header
        while true {
            let line = parser.line
            guard let row = try parser.next() else { break }
            guard row.count == header.count else {
                throw CSVError(
                    line: line, reason: "\(row.count) fields where the header has \(header.count)")
            }
            rows.append(row)
        }
    }

    /// The position of a column, by its name.
    package func column(_ name: String) -> Int? { header.firstIndex(of: name) }

    private struct RowParser {
        let bytes: [UInt8]
        var position = 0
        var line = 1

        mutating func next() throws(CSVError) -> [String]? {
            guard position < bytes.count else { return nil }
            var fields: [String] = []
            while true {
                fields.append(try field())
                guard position < bytes.count else {
                    throw CSVError(line: line, reason: "the line has no end: the file is truncated")
                }
                let separator = bytes[position]
                position += 1
                if separator == 0x2C { continue }
                if separator == 0x0D, position < bytes.count, bytes[position] == 0x0A {
                    position += 1
                }
                line += 1
                return fields
            }
        }

        /// One field; leaves `position` at the separator after it.
        private mutating func field() throws(CSVError) -> String {
            if position < bytes.count, bytes[position] == 0x22 { return try quoted() }
            let start = position
            while position < bytes.count, ![0x2C, 0x0A, 0x0D].contains(bytes[position]) {
                if bytes[position] == 0x22 {
                    throw CSVError(line: line, reason: "a quote inside a field without quotes")
                }
                position += 1
            }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }

        private mutating func quoted() throws(CSVError) -> String {
            let opening = line
            position += 1
            var content: [UInt8] = []
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                if byte == 0x0A { line += 1 }
                guard byte == 0x22 else {
                    content.append(byte)
                    continue
                }
                guard position < bytes.count, bytes[position] == 0x22 else {
                    return String(decoding: content, as: UTF8.self)
                }
                content.append(byte)
                position += 1
            }
            throw CSVError(line: opening, reason: "a quoted field has no end")
        }
    }
}
