/// What is needed of S3's answers: texts of elements that hold no others.
enum XMLText {
    /// The elements of that name, with what is in them as it stands.
    static func elements(_ name: String, in document: String) -> [String] {
        document.components(between: "<\(name)>", and: "</\(name)>")
    }

    /// The text of the first element of that name.
    static func text(_ name: String, in document: String) -> String? {
        elements(name, in: document).first.map(unescaped)
    }

    /// With the five named entities and character references (XML 1.0 §4.6, §4.1) replaced.
    static func unescaped(_ text: String) -> String {
        guard text.contains("&") else { return text }
        let named = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'"]
        var (plain, rest) = ("", text[...])
        while let start = rest.firstIndex(of: "&") {
            plain += rest[..<start]
            rest = rest[rest.index(after: start)...]
            guard let end = rest.firstIndex(of: ";") else {
                plain += "&"
                continue
            }
            let name = String(rest[..<end])
            guard let character = named[name] ?? reference(name) else {
                plain += "&"
                continue
            }
            plain += character
            rest = rest[rest.index(after: end)...]
        }
        return plain + rest
    }

    private static func reference(_ name: String) -> String? {
        guard name.hasPrefix("#") else { return nil }
        let isHex = name.hasPrefix("#x")
        let number = UInt32(name.dropFirst(isHex ? 2 : 1), radix: isHex ? 16 : 10)
        return number.flatMap(Unicode.Scalar.init).map { String(Character($0)) }
    }
}
