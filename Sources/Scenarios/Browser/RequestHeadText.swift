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

    /// The fields that a script set and that the other side has to allow by name, in lower case and
    /// sorted (Fetch, "CORS-unsafe request-header names").
    var unsafeNames: [String] {
        // What the browser itself sets is not looked at (Fetch, "forbidden request-header").
        let own = ["host", "content-length", "origin", "expect", "connection"]
        let safe = ["accept", "accept-language", "content-language"]
        let simpleTypes = [
            "application/x-www-form-urlencoded", "multipart/form-data", "text/plain",
        ]
        return fields.compactMap { field in
            let name = field.name.lowercased()
            if own.contains(name) || safe.contains(name) { return nil }
            let type = field.value.prefix { $0 != ";" }.lowercased()
            if name == "content-type", simpleTypes.contains(type) { return nil }
            return name
        }.sorted()
    }

    /// Fetch, "CORS-safelisted method".
    var hasSafeMethod: Bool { ["GET", "HEAD", "POST"].contains(method) }

    var needsPreflight: Bool { !hasSafeMethod || !unsafeNames.isEmpty }
}
