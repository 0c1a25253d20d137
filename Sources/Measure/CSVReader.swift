/// Reads CSV (RFC 4180) row by row in bounded memory, from blocks of bytes that `read` hands over.
///
/// A quote out of place, a row of another length than the header's, text that is no UTF-8 or a last
/// line without its end (a truncated file) is an error.
package struct CSVReader {
    /// A longer field is no result of this tool, and would take the memory away.
    package static let maximumFieldBytes = 1 << 20

    package private(set) var header: [String] = []
    /// The line on which the current row begins, from 1.
    package private(set) var line = 0

    /// Was the last line, which has no end, left out?
    package private(set) var isTorn = false

    private let toleratesTornEnd: Bool
    private let read: () throws(CSVError) -> [UInt8]
    private var block: [UInt8] = []
    private var position = 0
    /// Of the blocks before this one.
    private var bytesBefore = 0
    private var nextLine = 1
    /// The current row's fields without quotes and commas, and where each of them ends.
    private var content: [UInt8] = []
    private var ends: [Int] = []

    /// Bytes up to the end of the current row.
    package var offset: Int { bytesBefore + position }

    private enum State {
        case fieldStart, plain, quoted, afterQuote, afterReturn
    }

    /// Reads the header.
    ///
    /// - Parameters:
    ///   - toleratesTornEnd: leaves a last line without its end out, for files whose writer was killed
    ///     in the middle of it.
    ///   - read: the next bytes of the file; empty at its end.
    package init(
        toleratesTornEnd: Bool = false, _ read: @escaping () throws(CSVError) -> [UInt8]
    ) throws(CSVError) {
        self.read = read
        self.toleratesTornEnd = toleratesTornEnd
        guard try parseRow() else {
            throw CSVError(line: 1, reason: "the file is empty")
        }
        var names: [String] = []
        for index in ends.indices { names.append(try text(index)) }
        header = names
    }

    /// Goes to the next row; false at the end of the file.
    package mutating func advance() throws(CSVError) -> Bool {
        guard try parseRow() else { return false }
        guard ends.count == header.count else {
            throw CSVError(
                line: line, reason: "\(ends.count) fields where the header has \(header.count)")
        }
        return true
    }

    /// The position of a column, by its name.
    package func column(_ name: String) -> Int? { header.firstIndex(of: name) }

    package func bytes(_ index: Int) -> ArraySlice<UInt8> {
        content[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
    }

    package func text(_ index: Int) throws(CSVError) -> String {
        guard let text = String(validating: bytes(index), as: UTF8.self) else {
            throw error("is not UTF-8", index)
        }
        return text
    }

    /// A whole number; nil for an empty field.
    package func integer(_ index: Int) throws(CSVError) -> Int64? {
        let digits = bytes(index)
        if digits.isEmpty { return nil }
        let isNegative = digits.first == UInt8(ascii: "-")
        var value: Int64 = 0
        for digit in digits.dropFirst(isNegative ? 1 : 0) {
            let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            guard digit >= 0x30, digit <= 0x39, !isTooLarge, product <= .max - 9 else {
                throw error("'\(shown(index))' is not a whole number", index)
            }
            value = product + Int64(digit - 0x30)
        }
        guard digits.count > (isNegative ? 1 : 0) else {
            throw error("'-' is not a whole number", index)
        }
        return isNegative ? -value : value
    }

    /// A finite decimal number; nil for an empty field.
    package func decimal(_ index: Int) throws(CSVError) -> Double? {
        let digits = bytes(index)
        if digits.isEmpty { return nil }
        let isPlain = digits.allSatisfy {
            ($0 >= 0x30 && $0 <= 0x39) || [0x2D, 0x2E, 0x2B, 0x65].contains($0)
        }
        guard isPlain, let value = Double(String(decoding: digits, as: UTF8.self)), value.isFinite
        else {
            throw error("'\(shown(index))' is not a number", index)
        }
        return value
    }

    /// An error in the current row, at a column.
    package func error(_ reason: String, _ index: Int) -> CSVError {
        let name = header.indices.contains(index) ? header[index] : nil
        return CSVError(line: line, column: name, reason: reason)
    }

    private func shown(_ index: Int) -> String {
        String(decoding: bytes(index).prefix(40), as: UTF8.self)
    }

    /// Fills `content` and `ends`; false at the end of the file.
    private mutating func parseRow() throws(CSVError) -> Bool {
        content.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        line = nextLine
        var state = State.fieldStart
        while try fill() {
            if try parseBlock(&state) { return true }
        }
        if state == .fieldStart, ends.isEmpty { return false }
        if toleratesTornEnd, !header.isEmpty {
            isTorn = true
            return false
        }
        if state == .quoted { throw CSVError(line: line, reason: "a quoted field has no end") }
        throw CSVError(
            line: nextLine, reason: "the line has no end: the file is truncated")
    }

    private mutating func fill() throws(CSVError) -> Bool {
        if position < block.count { return true }
        bytesBefore += block.count
        block = try read()
        position = 0
        return !block.isEmpty
    }

    /// Takes bytes of the block until the row or the block is over; true when the row is.
    private mutating func parseBlock(_ state: inout State) throws(CSVError) -> Bool {
        while position < block.count {
            if state == .plain || state == .quoted { try takeRun(state) }
            guard position < block.count else { return false }
            let byte = block[position]
            position += 1
            if try take(byte, &state) { return true }
        }
        return false
    }

    /// Appends the bytes up to the next one that may mean something.
    private mutating func takeRun(_ state: State) throws(CSVError) {
        let start = position
        while position < block.count {
            let byte = block[position]
            let isSpecial =
                byte == 0x22 || byte == 0x0A
                || (state == .plain && (byte == 0x2C || byte == 0x0D))
            if isSpecial { break }
            position += 1
        }
        content.append(contentsOf: block[start..<position])
        guard content.count - (ends.last ?? 0) <= Self.maximumFieldBytes else {
            throw CSVError(
                line: line, reason: "a field is longer than \(Self.maximumFieldBytes) bytes")
        }
    }

    /// Takes one byte; true when it ends the row.
    private mutating func take(_ byte: UInt8, _ state: inout State) throws(CSVError) -> Bool {
        switch (state, byte) {
        case (.afterReturn, 0x0A): return endRow()
        case (.afterReturn, _):
            throw CSVError(line: line, reason: "a carriage return that ends no line")
        case (.quoted, 0x22): state = .afterQuote
        case (.afterQuote, 0x22):
            content.append(byte)
            state = .quoted
        case (.quoted, _):
            if byte == 0x0A { nextLine += 1 }
            content.append(byte)
        case (.fieldStart, 0x22): state = .quoted
        case (_, 0x2C):
            ends.append(content.count)
            state = .fieldStart
        case (_, 0x0A): return endRow()
        case (_, 0x0D): state = .afterReturn
        case (.afterQuote, _):
            throw CSVError(line: nextLine, reason: "text after a closing quote")
        case (_, 0x22):
            throw CSVError(line: line, reason: "a quote inside a field without quotes")
        default:
            content.append(byte)
            state = .plain
        }
        return false
    }

    private mutating func endRow() -> Bool {
        ends.append(content.count)
        nextLine += 1
        return true
    }
}
