/// Tells by its first bytes whether a file is what its Content-Type says.
enum ContentSniffer {
    /// How many first bytes are looked at.
    static let prefixBytes = 512

    /// The signatures of the types that are checked, as the WHATWG MIME Sniffing standard §6 has
    /// them; `nil` bytes match anything.
    private static let signatures: [String: [[UInt8?]]] = [
        "image/jpeg": [[0xFF, 0xD8, 0xFF]],
        "image/png": [[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]],
        "image/gif": [text("GIF87a"), text("GIF89a")],
        "image/webp": [text("RIFF") + [nil, nil, nil, nil] + text("WEBPVP")],
        "application/pdf": [text("%PDF-")],
        "video/mp4": [[nil, nil, nil, nil] + text("ftyp")],
        "application/zip": [
            [0x50, 0x4B, 0x03, 0x04], [0x50, 0x4B, 0x05, 0x06], [0x50, 0x4B, 0x07, 0x08],
        ],
    ]

    /// True also for types that have no signature, such as text or octet streams. Of a list, which a
    /// browser may take any one of, each has to be.
    static func isPlausible(_ contentType: String, _ prefix: [UInt8]) -> Bool {
        contentType.split(separator: ",").allSatisfy { isPlausible($0.drop { $0 == " " }, prefix) }
    }

    private static func isPlausible(_ contentType: Substring, _ prefix: [UInt8]) -> Bool {
        let type = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
        let known = type == "image/jpg" ? "image/jpeg" : type
        guard let alternatives = signatures[known] else { return true }
        return alternatives.contains { signature in
            prefix.count >= signature.count
                && zip(prefix, signature).allSatisfy { $1 == nil || $0 == $1 }
        }
    }

    private static func text(_ text: String) -> [UInt8?] { text.utf8.map { $0 } }
}
