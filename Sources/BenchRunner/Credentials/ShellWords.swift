/// Words as a POSIX shell splits them, without anything it expands: what `credential_process` is
/// written in.
enum ShellWords {
    /// By Unicode scalars, as a shell goes by bytes: a combining mark behind a quote leaves it a quote.
    ///
    /// - Returns: nil for a quote that is not closed.
    static func split(_ text: String) -> [String]? {
        var (words, quote): ([String], Unicode.Scalar?) = ([], nil)
        var word: String.UnicodeScalarView?
        func append(_ scalar: Unicode.Scalar) { word = (word ?? .init()) + [scalar] }
        var scalars = text.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            switch (scalar, quote) {
            case ("\\", nil), ("\\", "\""):
                guard let next = scalars.popFirst() else { return nil }
                // In double quotes a backslash is one but before what it protects (POSIX.1 §2.2.3).
                if quote == "\"", next != "\"", next != "\\" { append("\\") }
                append(next)
            case (let mark, let open?) where mark == open: quote = nil
            case ("'", nil), ("\"", nil):
                quote = scalar
                word = word ?? .init()
            case (let space, nil) where space.properties.isWhitespace:
                if let done = word { words.append(String(done)) }
                word = nil
            default: append(scalar)
            }
        }
        guard quote == nil else { return nil }
        return words + (word.map { [String($0)] } ?? [])
    }
}
