import Transfer

/// A request's head taken apart, as far as a browser's rules need it.
struct RequestHeadText {
    let method: String
    let target: String
    var fields: [(name: String, value: String)]

    init(_ request: Request) {
        let lines = String(decoding: request.head, as: UTF8.self).split(separator: "\r\n")
        let words = (lines.first ?? "").split(separator: " ")
        method = words.isEmpty ? "" : String(words[0])
        target = words.count > 1 ? String(words[1]) : "/"
        fields = lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return (String(line[..<colon]), String(value))
        }
    }

    var bytes: [UInt8] {
        var text = "\(method) \(target) HTTP/1.1\r\n"
        for field in fields { text += "\(field.name): \(field.value)\r\n" }
        return Array((text + "\r\n").utf8)
    }

    var unsafeNames: [String] { CORSFields.unsafeNames(fields) }

    /// Fetch, "CORS-safelisted method".
    var hasSafeMethod: Bool { ["GET", "HEAD", "POST"].contains(method) }

    var needsPreflight: Bool { !hasSafeMethod || !unsafeNames.isEmpty }
}
