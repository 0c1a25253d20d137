/// Text as it may go to a terminal or into a log that programs read: names and answers come from
/// servers and files of others, and must not move the cursor, rewrite what was said or speak to a CI
/// system.
///
/// What is replaced is written as JSON writes it, so that a document of JSON stays the same document.
enum TerminalText {
    /// - Parameter keepsColor: lets colours pass (ECMA-48 §8.3.117, SGR), which are this program's own.
    static func safe(_ text: String, keepsColor: Bool) -> String {
        var safe = ""
        safe.reserveCapacity(text.utf8.count)
        var isLineStart = true
        var rest = text.unicodeScalars[...]
        while let scalar = rest.first {
            if isLineStart, startsCommand(rest) { safe += "'" }
            if keepsColor, scalar == "\u{1B}", let color = colorSequence(rest) {
                safe.unicodeScalars += color
                rest = rest[color.endIndex...]
                continue
            }
            rest.removeFirst()
            // White space before it does not keep a command from being one.
            isLineStart = scalar == "\n" || isLineStart && scalar.properties.isWhitespace
            if needsEscape(scalar) {
                safe += escaped(scalar)
            } else {
                safe.unicodeScalars.append(scalar)
            }
            // The older form of a command may stand anywhere in its line.
            if scalar == "#", rest.starts(with: "#[".unicodeScalars) { safe += " " }
        }
        return safe
    }

    /// GitHub Actions, "Workflow commands": a line that begins with `::`.
    private static func startsCommand(_ text: Substring.UnicodeScalarView) -> Bool {
        text.starts(with: "::".unicodeScalars)
    }

    private static func colorSequence(
        _ text: Substring.UnicodeScalarView
    ) -> Substring.UnicodeScalarView? {
        guard text.starts(with: "\u{1B}[".unicodeScalars) else { return nil }
        let end = text.dropFirst(2).firstIndex { !("0"..."9").contains($0) && $0 != ";" }
        guard let end, text[end] == "m" else { return nil }
        return text[...end]
    }

    /// Controls (C0 but tab and line feed, DEL, C1), and what changes the direction of writing or the
    /// line (Unicode Technical Report 36, "Bidirectional text spoofing").
    private static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\n", "\t": false
        case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": true
        default: turnsDirection(scalar)
        }
    }

    static func turnsDirection(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\u{61C}", "\u{200E}", "\u{200F}", "\u{2028}"..."\u{202E}", "\u{2066}"..."\u{2069}":
            true
        default: false
        }
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }

    /// One line of a text that somebody else wrote.
    static func line(_ text: String) -> String {
        String(text.map { $0.isNewline ? " " : $0 })
    }
}
