import Presign

/// Dates as header fields have them (RFC 9110 §5.6.7).
enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    static func text(_ time: SigningTime) -> String {
        let iso = Array(time.iso8601.utf8)
        func part(_ range: Range<Int>) -> String { String(decoding: iso[range], as: UTF8.self) }
        // 1970-01-01 was a Thursday.
        let day = days[Int(time.unixSeconds / 86_400 % 7)]
        let month = months[(Int(part(5..<7)) ?? 1) - 1]
        return "\(day), \(part(8..<10)) \(month) \(part(0..<4)) \(part(11..<19)) GMT"
    }

    /// The preferred form only; clients that send the two obsolete ones are gone.
    static func parse(_ text: String) -> SigningTime? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT",
            let month = months.firstIndex(of: String(words[2]))
        else { return nil }
        let number = month + 1 < 10 ? "0\(month + 1)" : "\(month + 1)"
        return SigningTime(iso8601: "\(words[3])-\(number)-\(words[1])T\(words[4])Z")
    }
}

extension SigningTime {
    /// As S3's documents have it: with milliseconds, which are always zero here.
    var milliseconds: String { iso8601.dropLast() + ".000Z" }
}
