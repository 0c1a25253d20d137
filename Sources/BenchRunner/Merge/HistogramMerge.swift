import Foundation
import Measure

/// Adds up `histograms.csv` of many shards.
///
/// A thousand files of megabytes each have to be read in seconds: the rows are parsed where they lie,
/// in the form that this program writes. A file that has any other form is read again by the strict
/// reader, which either understands it or says what is wrong and where.
struct HistogramMerge {
    /// `scenario,size_bytes,round,metric,` of a row, as bytes.
    typealias Prefix = [UInt8]

    private(set) var sums: [HistogramSum] = []
    private(set) var prefixes: [Prefix] = []
    private var positions: [Prefix: Int] = [:]
    /// Of the file that is being read: the counts that came by prefix.
    private var countsOfFile: [UInt64] = []

    private static let header = Array((Columns.histograms.joined(separator: ",") + "\n").utf8)

    /// Adds one file.
    ///
    /// - Returns: how many were counted in it, by prefix.
    mutating func add(file path: String) throws(RecordedError) -> [Prefix: UInt64] {
        countsOfFile = [UInt64](repeating: 0, count: sums.count)
        let before = self
        if !addFast(path) {
            self = before
            try addStrict(path)
        }
        var counts: [Prefix: UInt64] = [:]
        for (position, count) in countsOfFile.enumerated() where count > 0 {
            counts[prefixes[position]] = count
        }
        return counts
    }

    mutating func add(_ other: HistogramMerge) -> Bool {
        for (prefix, sum) in zip(other.prefixes, other.sums) {
            guard sums[position(of: prefix)].add(sum) else { return false }
        }
        return true
    }

    // MARK: Fast

    private mutating func addFast(_ path: String) -> Bool {
        guard (try? RecordedFile(path)) != nil,
            let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        else { return false }
        return data.withUnsafeBytes { bytes in
            guard bytes.starts(with: Self.header), bytes.last == 0x0A else { return false }
            return addRows(UnsafeRawBufferPointer(rebasing: bytes[Self.header.count...]))
        }
    }

    private mutating func addRows(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        var cursor = RowCursor(bytes: bytes)
        var (current, length) = (-1, 0)
        var start: UnsafeRawPointer?
        while !cursor.isAtEnd {
            let row = base + cursor.offset
            if let known = start, cursor.left > length, memcmp(known, row, length) == 0 {
                cursor.offset += length
            } else {
                guard let size = cursor.skipFields(4) else { return false }
                (start, length) = (row, size)
                current = position(of: [UInt8](UnsafeRawBufferPointer(start: row, count: size)))
            }
            guard let lowest = cursor.integer(endingAt: 0x2C),
                let highest = cursor.integer(endingAt: 0x2C),
                let count = cursor.integer(endingAt: 0x0A), count > 0,
                sums[current].add(lowestUs: lowest, highestUs: highest, count: UInt64(count))
            else { return false }
            countsOfFile[current] += UInt64(count)
        }
        return true
    }

    private mutating func position(of prefix: Prefix) -> Int {
        if let known = positions[prefix] { return known }
        positions[prefix] = sums.count
        prefixes.append(prefix)
        sums.append(HistogramSum())
        countsOfFile.append(0)
        return sums.count - 1
    }

    // MARK: Strict

    private mutating func addStrict(_ path: String) throws(RecordedError) {
        let table = try RecordedTable(path: path, columns: Columns.histograms)
        while try table.advance() {
            var prefix = CSVEncoder()
            prefix.field(try table.name())
            prefix.field(try table.optionalInteger())
            prefix.field(try table.count(from: 1))
            prefix.field(try table.name())
            let current = position(of: prefix.take())
            let (lowest, highest) = (try table.integer(), try table.integer())
            let count = try table.integer(from: 1)
            guard
                sums[current].add(lowestUs: lowest, highestUs: highest, count: UInt64(count))
            else { throw table.fault("\(count) in \(lowest) to \(highest) µs cannot be added") }
            countsOfFile[current] += UInt64(count)
        }
    }
}

/// Reads plain fields of rows that lie in memory.
private struct RowCursor {
    let bytes: UnsafeRawBufferPointer
    var offset = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { offset >= bytes.count }
    var left: Int { bytes.count - offset }

    /// Passes so many fields with their commas; their length, nil where the line has fewer, or quotes.
    mutating func skipFields(_ count: Int) -> Int? {
        let start = offset
        var commas = 0
        while commas < count {
            guard offset < bytes.count else { return nil }
            let byte = bytes[offset]
            guard byte != 0x0A, byte != 0x0D, byte != 0x22 else { return nil }
            if byte == 0x2C { commas += 1 }
            offset += 1
        }
        return offset - start
    }

    /// A whole number of at most 18 digits up to the byte that ends it, which is passed too.
    mutating func integer(endingAt end: UInt8) -> Int64? {
        var value: Int64 = 0
        let start = offset
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            if byte == end { return offset - start > 1 ? value : nil }
            guard byte >= 0x30, byte <= 0x39, offset - start <= 18 else { return nil }
            value = value * 10 + Int64(byte - 0x30)
        }
        return nil
    }
}
