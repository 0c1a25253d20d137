/// The name and file name of one part, from its Content-Disposition (RFC 7578 §4.2).
struct FormPartHead {
    let name: String
    /// nil without one, which is not the same as an empty one.
    let fileName: String?

    /// nil without a name.
    init?(_ head: some Collection<UInt8>) {
        let lines = Array(head).split(whereSeparator: { $0 == 13 || $0 == 10 })
        for line in lines {
            let field = "content-disposition:"
            guard line.count > field.utf8.count,
                String(decoding: line.prefix(field.utf8.count), as: UTF8.self).lowercased() == field
            else { continue }
            let parameters = FieldParameters(line.dropFirst(field.utf8.count))
            guard let name = parameters["name"] else { return nil }
            self.name = name
            fileName = parameters["filename"]
            return
        }
        return nil
    }
}

/// The parameters behind a field's value, `value; name=token; name="quoted"`.
struct FieldParameters {
    private var values: [(name: String, value: String)] = []

    init(_ field: some Collection<UInt8>) {
        var rest = Array(field)[...]
        rest = rest.drop { $0 != UInt8(ascii: ";") }
        while rest.first == UInt8(ascii: ";") {
            rest = rest.dropFirst().drop { $0 == 0x20 || $0 == 0x09 }
            let name = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") }
            rest = rest.dropFirst(name.count)
            guard rest.first == UInt8(ascii: "=") else { continue }
            let value = Self.value(&rest)
            values.append((String(decoding: name, as: UTF8.self).lowercased(), value))
            rest = rest.drop { $0 != UInt8(ascii: ";") }
        }
    }

    subscript(name: String) -> String? { values.first { $0.name == name }?.value }

    /// From its `=` on. Browsers write a quote in a name as `%22` (HTML, "Multipart form data"),
    /// other clients as `\"`; a lone backslash belongs to the name.
    private static func value(_ rest: inout ArraySlice<UInt8>) -> String {
        rest = rest.dropFirst()
        guard rest.first == UInt8(ascii: "\"") else {
            let token = rest.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
            rest = rest.dropFirst(token.count)
            return String(decoding: token, as: UTF8.self)
        }
        rest = rest.dropFirst()
        var value: [UInt8] = []
        while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
            if byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "\"") {
                value.append(UInt8(ascii: "\""))
                rest = rest.dropFirst()
            } else {
                value.append(byte)
            }
        }
        let text = String(decoding: value, as: UTF8.self)
        guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
        return text.replacing("%22", with: "\"").replacing("%0D", with: "\r")
            .replacing("%0A", with: "\n")
    }
}
