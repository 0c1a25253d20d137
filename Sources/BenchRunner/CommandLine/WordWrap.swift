/// Breaks long lines between words, as a terminal would not.
enum WordWrap {
    /// The text in lines of at most `width` characters; a longer word stands alone on its line.
    ///
    /// - Parameter width: nil: one line of any length.
    static func text(_ text: String, width: Int?) -> String {
        guard let width, text.count > width else { return text }
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = String(word)
            } else {
                line += (line.isEmpty ? "" : " ") + word
            }
        }
        return (lines + [line]).joined(separator: "\n")
    }
}
