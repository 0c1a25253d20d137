import Presign

/// What the API makes of a client's words about a file.
struct UploadNaming {
    let policy: KeyPolicy
    private let random = RandomSource()

    /// The key of an upload; the user comes from the token, never from the client.
    ///
    /// - Parameter called: what the client calls the request by; the object's name where the policy is a
    ///   new UUID for each.
    func key(user: String, fileName: String, called: IdempotencyKey? = nil) -> String {
        switch policy {
        case .uuid:
            "users/\(user)/\(called?.uuid ?? random.uuid())\(Self.fileExtension(fileName))"
        case .perUser: "users/\(user)/upload\(Self.fileExtension(fileName))"
        case .chosen: "users/\(user)/\(fileName)"
        }
    }

    /// Of the file's name only a short plain extension is taken.
    private static func fileExtension(_ name: String) -> String {
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "" }
        let suffix = name[dot...].lowercased()
        let isPlain = suffix.dropFirst().utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0)
        }
        return isPlain && (2...12).contains(suffix.utf8.count) ? suffix : ""
    }

    /// `type/subtype` with parameters, of printable characters; nil for anything else.
    static func contentType(_ given: String?) -> String? {
        guard let type = given, !type.isEmpty else { return "application/octet-stream" }
        let isClean = type.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        return isClean && type.contains("/") && type.utf8.count <= 200 ? type : nil
    }
}
