import Foundation
import Measure

/// A CSV file of a results directory, read row by row.
final class RecordedTable {
    let path: String
    private var reader: CSVReader
    /// The row's next field.
    private var field = 0

    /// No time in µs, size or rate of a run comes near: sums over a file's rows stay numbers, which with
    /// somebody else's figures they might not.
    static let largestInteger = 1_000_000_000_000_000
    static let largestDecimal = 1e14
    static let largestCount = 1_000_000_000_000
    /// Texts repeat from row to row: one that is the same again is not made anew.
    private var lastTexts: [(bytes: [UInt8], text: String)]

    /// - Parameters:
    ///   - columns: those that the file must begin with; later versions append more.
    ///   - toleratesTornEnd: leaves a last line without its end out.
    init(
        path: String, columns: [String], toleratesTornEnd: Bool = false
    ) throws(RecordedError) {
        self.path = path
        let file = try RecordedFile(path)
        do throws(CSVError) {
            reader = try CSVReader(toleratesTornEnd: toleratesTornEnd) { () throws(CSVError) in
                do throws(InputFile.Failure) {
                    return try InputFile.block(file.descriptor)
                } catch {
                    throw CSVError(line: 0, reason: error.reason)
                }
            }
        } catch {
            throw RecordedError(path: path, error)
        }
        lastTexts = Array(repeating: ([], ""), count: reader.header.count)
        try Self.check(reader.header, columns, path)
    }

    var line: Int { reader.line }
    /// Where the current row ends in the file.
    var offset: Int { reader.offset }
    var header: [String] { reader.header }

    /// Goes to the next row and its first field; false at the end of the file.
    func advance() throws(RecordedError) -> Bool {
        field = 0
        do throws(CSVError) {
            return try reader.advance()
        } catch {
            throw RecordedError(path: path, error)
        }
    }

    /// The row's next field.
    func text() throws(RecordedError) -> String {
        let index = next()
        let bytes = reader.bytes(index)
        if lastTexts[index].bytes.elementsEqual(bytes) { return lastTexts[index].text }
        do throws(CSVError) {
            let text = try reader.text(index)
            lastTexts[index] = (Array(bytes), text)
            return text
        } catch {
            throw RecordedError(path: path, error)
        }
    }

    /// The row's next field: a text that is not empty.
    func name() throws(RecordedError) -> String {
        let text = try text()
        guard !text.isEmpty else { throw fault("is empty") }
        return text
    }

    /// The row's next field: a whole number from `least` up, nil where it is empty.
    func optionalInteger(from least: Int64 = 0) throws(RecordedError) -> Int64? {
        let value: Int64?
        let index = next()
        do throws(CSVError) {
            value = try reader.integer(index)
        } catch {
            throw RecordedError(path: path, error)
        }
        if let value, value < least { throw fault("\(value) is less than \(least)") }
        guard (value ?? 0).magnitude <= Self.largestInteger else { throw tooLarge() }
        return value
    }

    /// The row's next field: a whole number from `least` up.
    func integer(from least: Int64 = 0) throws(RecordedError) -> Int64 {
        guard let value = try optionalInteger(from: least) else {
            throw fault("is empty where a number must be")
        }
        return value
    }

    /// The row's next field: a number of things, which are counted together.
    func count(from least: Int64 = 0) throws(RecordedError) -> Int {
        let value = try integer(from: least)
        guard value <= Self.largestCount else { throw tooLarge() }
        return Int(value)
    }

    /// The row's next field: a number that is not negative, nil where it is empty.
    func optionalDecimal(upTo largest: Double = largestDecimal) throws(RecordedError) -> Double? {
        let value: Double?
        let index = next()
        do throws(CSVError) {
            value = try reader.decimal(index)
        } catch {
            throw RecordedError(path: path, error)
        }
        if let value, value < 0 { throw fault("\(value) is less than 0") }
        guard value ?? 0 <= largest else { throw tooLarge() }
        return value
    }

    func decimal() throws(RecordedError) -> Double {
        guard let value = try optionalDecimal() else {
            throw fault("is empty where a number must be")
        }
        return value
    }

    /// Goes to the field of that name; false where the file's version has no such column.
    func move(to column: String) -> Bool {
        guard let index = reader.column(column) else { return false }
        field = index
        return true
    }

    /// What is wrong with the field that was read last.
    func fault(_ reason: String) -> RecordedError {
        RecordedError(path: path, reader.error(reason, field - 1))
    }

    private func tooLarge() -> RecordedError { fault("is more than any run has") }

    private func next() -> Int {
        defer { field += 1 }
        return field
    }

    private static func check(
        _ header: [String], _ columns: [String], _ path: String
    ) throws(RecordedError) {
        for (index, wanted) in columns.enumerated() {
            guard index < header.count else {
                throw RecordedError(
                    path: path, line: 1, column: wanted,
                    reason: "is missing; the header ends after \(header.count) columns")
            }
            guard header[index] == wanted else {
                throw RecordedError(
                    path: path, line: 1, column: wanted,
                    reason: "expected as column \(index + 1), where '\(header[index].prefix(40))'"
                        + " stands: this is no file of uploadbench, or it was edited")
            }
        }
    }
}
