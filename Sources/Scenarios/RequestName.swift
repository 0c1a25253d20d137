import Presign

/// What one request of an upload is called (`Idempotency-Key`), and so the object that it makes: it is
/// known before the request leaves, whatever becomes of the answer.
struct RequestName {
    private let uuid: String
    private let fileExtension: String

    init(_ random: RandomSource, _ content: UploadContent) {
        uuid = random.uuid()
        fileExtension = Self.plainExtension(content.fileName)
    }

    /// The header line.
    var field: String { "Idempotency-Key: \(uuid)\r\n" }

    /// The last part of the key, by the API's rule.
    var key: WrittenKey { .name(uuid + fileExtension) }

    /// The API takes only a dot and up to eleven letters or digits, in lower case (docs/gateway-api.md).
    private static func plainExtension(_ fileName: String) -> String {
        guard let dot = fileName.lastIndex(of: "."), dot > fileName.startIndex else { return "" }
        let suffix = fileName[dot...].lowercased()
        let isPlain = suffix.utf8.dropFirst().allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x7A).contains($0)
        }
        return isPlain && (2...12).contains(suffix.utf8.count) ? suffix : ""
    }
}
