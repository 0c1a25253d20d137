/// Writes the XML that S3 answers with.
struct XMLWriter {
    private(set) var bytes = Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".utf8)

    mutating func element(
        _ name: String, namespace: String? = nil, _ content: (inout XMLWriter) -> Void
    ) {
        bytes += "<\(name)".utf8
        if let namespace { bytes += " xmlns=\"\(namespace)\"".utf8 }
        bytes.append(UInt8(ascii: ">"))
        content(&self)
        bytes += "</\(name)>".utf8
    }

    mutating func text(_ name: String, _ value: String) {
        bytes += "<\(name)>".utf8
        bytes += Self.escaped(value).utf8
        bytes += "</\(name)>".utf8
    }

    static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || "<>&\"".utf8.contains($0) }) else {
            return text
        }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            case "\"": escaped += "&quot;"
            case "\r": escaped += "&#13;"
            case let control where control.value < 0x20 && control != "\n" && control != "\t":
                // XML 1.0 cannot carry other control characters, not even escaped.
                escaped += "&#\(control.value);"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
