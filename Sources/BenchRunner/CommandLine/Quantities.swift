/// Values with units as a user types them.
enum Quantities {
    /// Bytes: `4096`, `256KiB`, `4MiB`, `10MB` (decimal), `1.5GiB`.
    static func bytes(_ text: String, _ flag: String) throws(CommandError) -> Int64 {
        let units: [(String, Double)] = [
            ("kib", 1024), ("mib", 1_048_576), ("gib", 1_073_741_824), ("tib", 1_099_511_627_776),
            ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("tb", 1e12),
            ("k", 1024), ("m", 1_048_576), ("g", 1_073_741_824), ("b", 1), ("", 1),
        ]
        guard let value = number(text.lowercased(), units), value <= 9e15, value == value.rounded()
        else {
            throw .usage("\(flag): '\(text)' is not a size; write 262144, 256KiB or 4MiB")
        }
        return Int64(value)
    }

    /// Seconds: `500ms`, `30s`, `2m`, `1h`; a bare number is seconds.
    static func duration(_ text: String, _ flag: String) throws(CommandError) -> Duration {
        let units: [(String, Double)] = [
            ("us", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600), ("", 1),
        ]
        guard let seconds = number(text.lowercased(), units), seconds <= 31_536_000 else {
            throw .usage("\(flag): '\(text)' is not a duration; write 500ms, 30s or 2m")
        }
        return .nanoseconds(Int64(seconds * 1e9))
    }

    static func count(
        _ text: String, _ flag: String, in range: ClosedRange<Int>
    ) throws(CommandError) -> Int {
        guard let value = Int(text), range.contains(value) else {
            throw .usage(
                "\(flag): '\(text)' is not a whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return value
    }

    static func seed(_ text: String, _ flag: String) throws(CommandError) -> UInt64 {
        guard let value = UInt64(text) else {
            throw .usage("\(flag): '\(text)' is not a whole number from 0 to \(UInt64.max)")
        }
        return value
    }

    /// One of a list of words; the error names the nearest.
    static func choice(
        _ text: String, _ flag: String, of choices: [String]
    ) throws(CommandError) -> String {
        if choices.contains(text) { return text }
        let hint = nearest(to: text, among: choices).map { "; did you mean '\($0)'?" } ?? ""
        throw .usage(
            "\(flag): unknown value '\(text)'\(hint) (one of \(choices.joined(separator: ", ")))")
    }

    /// A non-negative decimal number and a unit; the first unit that fits counts.
    private static func number(_ text: String, _ units: [(String, Double)]) -> Double? {
        for (unit, factor) in units where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.count)
            guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
                let value = Double(digits)
            else { continue }
            return value * factor
        }
        return nil
    }
}
