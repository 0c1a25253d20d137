/// The bytes around the file in a multipart/form-data body (RFC 7578), as a browser writes them.
package struct MultipartForm {
    /// All fields, and the head of the part that holds the file.
    package let beforeFile: [UInt8]
    package let afterFile: [UInt8]

    /// The file comes last: S3 ignores what follows it (S3 User Guide, "Creating HTML forms").
    package init(
        fields: [(name: String, value: String)], fileName: String, contentType: String,
        boundary: String
    ) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            256 + fields.reduce(0) { $0 + 96 + $1.name.utf8.count + $1.value.utf8.count })
        let opening = Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"".utf8)
        for field in fields {
            bytes += opening
            bytes += Self.escaped(field.name).utf8
            bytes += "\"\r\n\r\n".utf8
            bytes += field.value.utf8
            bytes += "\r\n".utf8
        }
        bytes += opening
        bytes += "file\"; filename=\"\(Self.escaped(fileName))\"\r\n".utf8
        bytes += "Content-Type: \(contentType)\r\n\r\n".utf8
        beforeFile = bytes
        afterFile = Array("\r\n--\(boundary)--\r\n".utf8)
    }

    /// A quote and line ends as %22, %0D and %0A and nothing else (HTML, "Multipart form data").
    static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == 0x22 || $0 == 0x0D || $0 == 0x0A }) else {
            return name
        }
        return name.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "%22"
            case "\r": "%0D"
            case "\n": "%0A"
            default: String(scalar)
            }
        }.joined()
    }
}
