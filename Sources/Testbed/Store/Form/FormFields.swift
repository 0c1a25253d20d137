import Presign

/// A form's fields once the file begins, `${filename}` replaced.
struct FormFields {
    /// Names in lower case. Repeated fields count as one value, joined by commas: whoever took the
    /// first or the last of them would store what the policy's conditions have not seen.
    let fields: [NameValue]

    init(fields: [NameValue]) {
        var joined: [NameValue] = []
        for field in fields {
            let name = field.name.asciiLowercased
            if let index = joined.firstIndex(where: { $0.name == name }) {
                joined[index].value += ",\(field.value)"
            } else {
                joined.append((name, field.value))
            }
        }
        self.fields = joined
    }

    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// The page to go to after the upload; S3 ignores what is no absolute URL. One with blanks or
    /// controls is none (RFC 3986, 2), and would not go into a field as it is.
    var redirect: String? {
        guard let url = self["success_action_redirect"] ?? self["redirect"] else { return nil }
        let lowercase = url.lowercased()
        let isUsable = ["http://", "https://"].contains {
            lowercase.hasPrefix($0) && lowercase.utf8.count > $0.utf8.count
        }
        return isUsable && url.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F } ? url : nil
    }
}
