/// HTML and SVG under construction. What stands literally in the source is markup; whatever is
/// interpolated is text and comes out escaped, so that a name from a file cannot become a tag.
struct Markup: ExpressibleByStringInterpolation, Sendable {
    private(set) var text: String

    init(stringLiteral value: String) { text = value }

    init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

    /// - Parameter trusted: markup, a style sheet or a script of our own.
    init(trusted: String) { text = trusted }

    static func += (left: inout Markup, right: Markup) { left.text += right.text }

    static func joined(_ parts: [Markup], separator: Markup = "") -> Markup {
        Markup(trusted: parts.map(\.text).joined(separator: separator.text))
    }

    /// Safe between tags and inside quoted attributes. Control characters have no place in a page
    /// (HTML Standard, "preprocessing the input stream").
    static func escaped(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\t", "\n": escaped.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": escaped += "\u{FFFD}"
            // What turns the direction of writing shows a name as another one; and a page that goes to a
            // log must not speak to the CI system that reads it (`::error`, `##[error]`).
            case _ where TerminalText.turnsDirection(scalar): escaped += "\u{FFFD}"
            case ":": escaped += escaped.hasSuffix(":") ? "&#58;" : ":"
            case "#": escaped += escaped.hasSuffix("#") ? "&#35;" : "#"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        mutating func appendLiteral(_ literal: String) { text += literal }

        mutating func appendInterpolation(_ value: String) { text += Markup.escaped(value) }

        mutating func appendInterpolation(_ value: Int) { text += String(value) }

        /// A coordinate: hundredths of a unit are finer than any screen.
        mutating func appendInterpolation(_ value: Double) { text += Markup.coordinate(value) }

        mutating func appendInterpolation(_ markup: Markup) { text += markup.text }

        mutating func appendInterpolation(_ parts: [Markup]) {
            for part in parts { text += part.text }
        }
    }

    /// A decimal number without zeros at its end.
    static func coordinate(_ value: Double, places: Int = 2) -> String {
        let scale = (0..<places).reduce(1) { power, _ in power * 10 }
        let scaled = Int((min(max(value, -1e9), 1e9) * Double(scale)).rounded())
        let (whole, rest) = scaled.magnitude.quotientAndRemainder(dividingBy: UInt(scale))
        let sign = scaled < 0 ? "-" : ""
        guard rest > 0 else { return "\(sign)\(whole)" }
        var digits = String(rest)
        digits = String(repeating: "0", count: places - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "\(sign)\(whole).\(digits)"
    }

    /// `name="value"` pairs, each with a space before it.
    static func attributes(_ pairs: [(name: String, value: String)]) -> Markup {
        var markup: Markup = ""
        for (name, value) in pairs { markup += " \(name)=\"\(value)\"" }
        return markup
    }
}
