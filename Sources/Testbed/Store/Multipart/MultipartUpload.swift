import Presign

/// A part that arrived.
struct UploadedPart {
    let content: any StoredBytes
    let etag: String
    let md5: [UInt8]
    let lastModified: SigningTime
    let checksums: [ChecksumAlgorithm: [UInt8]]

    var sizeBytes: Int64 { content.count }
}

/// A multipart upload under way.
final class MultipartUpload {
    static let partNumbers = 1...10_000
    /// S3 User Guide, "Amazon S3 multipart upload limits": all but the last part.
    static let smallestPartBytes: Int64 = 5 << 20

    let id: String
    let key: ObjectKey
    let initiated: SigningTime
    let properties: ObjectProperties
    /// What the client chose; nil for S3's own choice.
    let chosenAlgorithm: ChecksumAlgorithm?
    let kind: ChecksumKind
    var parts: [Int: UploadedPart] = [:]

    init(_ call: StoreCall, id: String, key: ObjectKey) throws(S3Failure) {
        self.id = id
        self.key = key
        initiated = call.now
        properties = try ObjectProperties(fields: call.headers)
        chosenAlgorithm = try call.checksumAlgorithm("x-amz-checksum-algorithm")
        let algorithm = chosenAlgorithm ?? .crc64nvme
        guard let text = call.header("x-amz-checksum-type") else {
            kind = algorithm.defaultKind
            return
        }
        guard let kind = ChecksumKind(rawValue: text.uppercased()) else {
            throw .invalidRequest("Value for x-amz-checksum-type header is invalid.")
        }
        guard algorithm.allows(kind) else {
            throw .invalidRequest(
                "The \(kind.rawValue) checksum type cannot be used with the \(algorithm.rawValue.lowercased()) checksum algorithm."
            )
        }
        self.kind = kind
    }

    var algorithm: ChecksumAlgorithm { chosenAlgorithm ?? .crc64nvme }

    static func partNumber(_ text: String) throws(S3Failure) -> Int {
        // Int would take `+1`.
        guard text.first != "+", let number = Int(text), partNumbers.contains(number) else {
            throw .invalidArgument(
                "Part number must be an integer between 1 and 10000, inclusive",
                name: "partNumber", value: text)
        }
        return number
    }

    /// A part's claim has to be of the upload's algorithm; where the sum is made of the parts'
    /// sums, each has to have one.
    func check(_ claim: ChecksumClaim?) throws(S3Failure) {
        guard let chosenAlgorithm else { return }
        let isMissing = claim == nil && kind == .composite
        guard isMissing || (claim != nil && claim?.algorithm != chosenAlgorithm) else { return }
        let actual = claim?.algorithm.rawValue.lowercased() ?? "null"
        throw .invalidRequest(
            "Checksum Type mismatch occurred, expected checksum Type: \(chosenAlgorithm.rawValue.lowercased()), actual checksum Type: \(actual)"
        )
    }
}
