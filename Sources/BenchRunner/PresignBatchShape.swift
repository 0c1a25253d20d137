import Glibc
import NetIO
import Presign

/// Where a line of a batch has its id, key and time, so that later lines which differ in nothing
/// else need not be parsed: their other bytes are compared with this line's, which is quicker by far.
struct PresignBatchShape {
    enum Slot: Int, CaseIterable {
        case id, key, time
    }

    /// What a line of this shape has in the slots, in the slots' own order.
    struct Values {
        var id: UnsafeRawBufferPointer
        var key: UnsafeRawBufferPointer
        var time: UnsafeRawBufferPointer
    }

    private let line: [UInt8]
    /// In the order of the line; the quotes around a value are not part of it.
    private let slots: [(slot: Slot, range: Range<Int>)]

    /// nil for a line that has one of them twice, not at all, or not as a plain text.
    ///
    /// - Parameter line: one that was parsed and signed.
    init?(_ line: UnsafeRawBufferPointer) {
        var scan = BatchLineScan(line)
        guard scan.members(path: "", depth: 0), scan.isAtEnd, !scan.isAmbiguous,
            let id = scan.found["/id"], let key = scan.found["/inputs/key"],
            let time = scan.found["/inputs/amz_date"], scan.found["/inputs/key_utf8_hex"] == nil
        else { return nil }
        self.line = Array(line)
        slots = [(Slot.id, id), (.key, key), (.time, time)].sorted {
            $0.1.lowerBound < $1.1.lowerBound
        }
    }

    /// The slots of a line that is like this one outside them; nil if it is not.
    func values(of other: UnsafeRawBufferPointer) -> Values? {
        line.withUnsafeBytes { line in
            let none = UnsafeRawBufferPointer(start: nil, count: 0)
            var values = Values(id: none, key: none, time: none)
            var (here, there) = (0, 0)
            for (slot, range) in slots {
                let same = range.lowerBound - here
                guard Self.isSame(line, here, other, there, count: same) else { return nil }
                here = range.upperBound
                there += same
                guard let end = Self.plainEnd(other, from: there) else { return nil }
                let value = other.slice(there..<end)
                switch slot {
                case .id: values.id = value
                case .key: values.key = value
                case .time: values.time = value
                }
                there = end
            }
            let rest = line.count - here
            guard other.count - there == rest,
                Self.isSame(line, here, other, there, count: rest)
            else { return nil }
            return values
        }
    }

    private static func isSame(
        _ a: UnsafeRawBufferPointer, _ from: Int, _ b: UnsafeRawBufferPointer, _ other: Int,
        count: Int
    ) -> Bool {
        guard other + count <= b.count, let first = a.baseAddress, let second = b.baseAddress
        else { return false }
        return memcmp(first + from, second + other, count) == 0
    }

    /// Where a text ends that is plain ASCII without an escape, at its closing quote.
    private static func plainEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        let end = JSONString.plainPrefix(bytes, from: start)
        return end < bytes.count && bytes[end] == UInt8(ascii: "\"") ? end : nil
    }
}

/// Finds the texts of a line's members by their path. The line is known to be JSON.
private struct BatchLineScan {
    private let bytes: UnsafeRawBufferPointer
    private var index = 0
    private(set) var found: [String: Range<Int>] = [:]
    /// A member came twice, or has a name with an escape.
    private(set) var isAmbiguous = false
    private static let wanted: Set = [
        "/id", "/inputs/key", "/inputs/amz_date", "/inputs/key_utf8_hex", "/inputs", "/kind",
    ]
    private var seen: Set<String> = []

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return index == bytes.count
        }
    }

    /// Walks an object's members; false if it is not one.
    mutating func members(path: String, depth: Int) -> Bool {
        guard take(UInt8(ascii: "{")) else { return false }
        if take(UInt8(ascii: "}")) { return true }
        repeat {
            guard let name = text(), take(UInt8(ascii: ":")) else { return false }
            let member = path + "/" + String(decoding: bytes.slice(name), as: UTF8.self)
            if Self.wanted.contains(member) {
                isAmbiguous = isAmbiguous || !seen.insert(member).inserted
            }
            guard value(path: member, depth: depth + 1) else { return false }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    private mutating func value(path: String, depth: Int) -> Bool {
        skipSpace()
        guard depth < 16, index < bytes.count else { return false }
        switch bytes[index] {
        case UInt8(ascii: "{"): return members(path: path, depth: depth)
        case UInt8(ascii: "["): return elements(path: path, depth: depth)
        case UInt8(ascii: "\""):
            guard let range = text() else { return false }
            if Self.wanted.contains(path) { found[path] = range }
            return true
        default:
            while index < bytes.count, !",]} ".utf8.contains(bytes[index]) { index += 1 }
            return true
        }
    }

    private mutating func elements(path: String, depth: Int) -> Bool {
        index += 1
        if take(UInt8(ascii: "]")) { return true }
        repeat {
            guard value(path: path + "/[]", depth: depth + 1) else { return false }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]"))
    }

    /// The range between the quotes.
    private mutating func text() -> Range<Int>? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = index
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            if bytes[index] == UInt8(ascii: "\\") {
                // An escaped name could be any of the wanted ones.
                isAmbiguous = true
                index += 1
            }
            index += 1
        }
        guard index < bytes.count else { return nil }
        index += 1
        return start..<(index - 1)
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace() {
        while index < bytes.count, [0x20, 0x09, 0x0D, 0x0A].contains(bytes[index]) { index += 1 }
    }
}
