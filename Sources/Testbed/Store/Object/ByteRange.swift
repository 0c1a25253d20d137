/// A `Range` field as S3 takes it: one range; anything else is as if it were not there (recorded;
/// RFC 9110 §14.2 allows it).
enum ByteRange {
    enum Selection: Equatable {
        case whole
        case part(Range<Int64>)
        case unsatisfiable
    }

    static func select(_ field: String?, of sizeBytes: Int64) -> Selection {
        guard let field, field.hasPrefix("bytes=") else { return .whole }
        let parts = field.dropFirst(6).split(
            separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return .whole }
        guard let first = number(parts[0]) else {
            guard parts[0].isEmpty, let suffix = number(parts[1]) else { return .whole }
            guard suffix > 0, sizeBytes > 0 else { return .unsatisfiable }
            return .part(max(0, sizeBytes - suffix)..<sizeBytes)
        }
        let last = number(parts[1]) ?? (parts[1].isEmpty ? Int64.max : -1)
        guard last >= first, parts[1].isEmpty || !isGreater(parts[0], parts[1]) else {
            return .whole
        }
        guard first < sizeBytes else { return .unsatisfiable }
        return .part(first..<(min(last, sizeBytes - 1) + 1))
    }

    /// Also where both are too large to tell as numbers.
    private static func isGreater(_ first: Substring, _ last: Substring) -> Bool {
        let (first, last) = (first.drop { $0 == "0" }, last.drop { $0 == "0" })
        return (first.utf8.count, first) > (last.utf8.count, last)
    }

    /// The largest there is for all that are larger: RFC 9110 §14.1.1 bounds no number's digits.
    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int64(text) ?? .max
    }
}
