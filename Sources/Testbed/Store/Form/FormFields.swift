import Presign

/// A form's fields once the file begins, `${filename}` replaced.
struct FormFields {
    let fields: [NameValue]

    /// Repeated fields count as one value, joined by commas.
    subscript(name: String) -> String? {
        let values = fields.filter { $0.name.equalsIgnoringCase(name) }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ",")
    }

    /// The page to go to after the upload; S3 ignores what is no absolute URL.
    var redirect: String? {
        guard let url = self["success_action_redirect"] ?? self["redirect"] else { return nil }
        let lowercase = url.lowercased()
        let isUsable = ["http://", "https://"].contains {
            lowercase.hasPrefix($0) && lowercase.utf8.count > $0.utf8.count
        }
        return isUsable ? url : nil
    }
}
