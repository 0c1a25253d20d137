/// Writes the XML that S3 answers with.
struct XMLWriter {
    /// The namespace of every document but errors and PostResponse.
    static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

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

    mutating func text(_ name: String, namespace: String? = nil, _ value: String) {
        element(name, namespace: namespace) { $0.append(Array(value.utf8)) }
    }

    /// A document is UTF-8 whatever bytes a request names.
    mutating func text(_ name: String, _ value: [UInt8]) {
        text(name, String(decoding: value, as: UTF8.self))
    }

    mutating func optionalText(_ name: String, _ value: String?) {
        if let value { text(name, value) }
    }

    private mutating func append(_ text: [UInt8]) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "&"): bytes += "&amp;".utf8
            case UInt8(ascii: "<"): bytes += "&lt;".utf8
            case UInt8(ascii: ">"): bytes += "&gt;".utf8
            case UInt8(ascii: "\""): bytes += "&quot;".utf8
            // S3 writes control characters as references, though XML 1.0 cannot carry most of
            // them: that is what `encoding-type=url` is for.
            case 0..<0x0A, 0x0B..<0x20: bytes += "&#\(byte);".utf8
            default: bytes.append(byte)
            }
        }
    }
}
