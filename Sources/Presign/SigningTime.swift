/// An instant to the second, as signatures write it. Always an argument, never read from a clock.
package struct SigningTime: Sendable, Hashable, Comparable {
    /// Seconds since 1970-01-01T00:00:00Z, kept within the years 1970 to 9999.
    package let unixSeconds: Int64

    private static let lastSecond: Int64 = 253_402_300_799

    package init(unixSeconds: Int64) {
        self.unixSeconds = min(max(unixSeconds, 0), Self.lastSecond)
    }

    /// From `YYYYMMDDTHHMMSSZ`.
    package init?(amzDate: String) {
        let text = Array(amzDate.utf8)
        guard text.count == 16, text[8] == UInt8(ascii: "T"), text[15] == UInt8(ascii: "Z") else {
            return nil
        }
        self.init(digits: Array(text[0..<8] + text[9..<15]))
    }

    /// From `YYYY-MM-DDTHH:MM:SSZ`, with or without a fraction of a second, which is dropped.
    package init?(iso8601: String) {
        let text = Array(iso8601.utf8)
        guard text.count >= 20, text.last == UInt8(ascii: "Z"),
            zip([4, 7, 10, 13, 16], Array("--T::".utf8)).allSatisfy({ text[$0] == $1 })
        else { return nil }
        let fraction = text[19..<(text.count - 1)]
        if let point = fraction.first {
            guard point == UInt8(ascii: "."), fraction.count > 1,
                fraction.dropFirst().allSatisfy({ (0x30...0x39).contains($0) })
            else { return nil }
        }
        let fields = [0..<4, 5..<7, 8..<10, 11..<13, 14..<16, 17..<19]
        self.init(digits: fields.flatMap { text[$0] })
    }

    private init?(digits: [UInt8]) {
        guard digits.count == 14, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        func number(_ range: Range<Int>) -> Int64 {
            digits[range].reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }
        let (year, month, day) = (number(0..<4), number(4..<6), number(6..<8))
        let (hour, minute, second) = (number(8..<10), number(10..<12), number(12..<14))
        guard year >= 1970, (1...12).contains(month), day >= 1, hour < 24, minute < 60, second < 60
        else { return nil }
        let days = Self.daysSinceEpoch(year, month, day)
        guard Self.civil(days) == (year, month, day) else { return nil }
        self.init(unixSeconds: days * 86400 + hour * 3600 + minute * 60 + second)
    }

    /// `YYYYMMDDTHHMMSSZ`.
    package var amzDate: String {
        let text = iso8601
        return String(text.filter { $0 != "-" && $0 != ":" })
    }

    /// `YYYYMMDD`, the date of a credential scope.
    package var scopeDate: String { String(amzDate.prefix(8)) }

    /// `YYYY-MM-DDTHH:MM:SSZ`.
    package var iso8601: String {
        let (year, month, day) = Self.civil(unixSeconds / 86400)
        let seconds = unixSeconds % 86400
        func padded(_ number: Int64, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let (hour, minute) = (padded(seconds / 3600, 2), padded(seconds / 60 % 60, 2))
        return "\(date)T\(hour):\(minute):\(padded(seconds % 60, 2))Z"
    }

    package func adding(seconds: Int64) -> SigningTime {
        SigningTime(unixSeconds: unixSeconds + seconds)
    }

    package static func < (a: SigningTime, b: SigningTime) -> Bool {
        a.unixSeconds < b.unixSeconds
    }

    /// Days from the epoch in the proleptic Gregorian calendar; years are counted from March, so
    /// that the leap day is the last of its year.
    private static func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
