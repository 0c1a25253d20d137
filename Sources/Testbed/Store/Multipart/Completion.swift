import Presign

/// The parts that a CompleteMultipartUpload names, held to what was uploaded.
struct Completion {
    private let upload: MultipartUpload
    private let parts: [UploadedPart]

    init(_ document: XMLElement, of upload: MultipartUpload) throws(S3Failure) {
        self.upload = upload
        guard document.name == "CompleteMultipartUpload" else { throw .malformedXML }
        let elements = document.all("Part")
        guard !elements.isEmpty else {
            throw .invalidRequest("You must specify at least one part")
        }
        guard elements.count <= MultipartUpload.partNumbers.upperBound else { throw .malformedXML }
        let numbers = try Self.numbers(elements, upload)
        var parts: [UploadedPart] = []
        for (index, element) in elements.enumerated() {
            let number = numbers[index]
            let part = try Self.part(number, element, upload)
            let isLast = index == elements.count - 1
            guard isLast || part.sizeBytes >= MultipartUpload.smallestPartBytes else {
                throw Self.tooSmall(number, part)
            }
            parts.append(part)
        }
        self.parts = parts
    }

    /// The order is looked at before the parts themselves.
    private static func numbers(
        _ elements: [XMLElement], _ upload: MultipartUpload
    ) throws(S3Failure) -> [Int] {
        var numbers: [Int] = []
        for element in elements {
            guard let text = element.first("PartNumber")?.trimmed else { throw .malformedXML }
            let number = try MultipartUpload.partNumber(text)
            guard number > numbers.last ?? 0 else { throw wrongOrder(upload) }
            numbers.append(number)
        }
        return numbers
    }

    private static func part(
        _ number: Int, _ element: XMLElement, _ upload: MultipartUpload
    ) throws(S3Failure) -> UploadedPart {
        guard let etag = element.first("ETag")?.trimmed else { throw .malformedXML }
        guard let part = upload.parts[number], EntityTag.bare(part.etag) == EntityTag.bare(etag)
        else { throw invalid(number, etag, upload) }
        if let chosen = upload.chosenAlgorithm {
            let given = element.first(chosen.elementName)?.trimmed
            if given == nil, upload.kind == .composite {
                throw .invalidRequest(
                    "The upload was created using a \(chosen.rawValue.lowercased()) checksum. The complete request must include the checksum for each part. It was missing for part \(number) in the request."
                )
            }
        }
        // Of an algorithm that the part has no checksum of, none can be right. S3's code for those was not
        // seen.
        for given in element.children where given.name.hasPrefix("Checksum") {
            let own = part.checksums.first { $0.key.elementName == given.name }
            guard let own, given.trimmed == Base64.encode(own.value) else {
                throw invalid(number, etag, upload)
            }
        }
        return part
    }

    private static func invalid(
        _ number: Int, _ etag: String, _ upload: MultipartUpload
    ) -> S3Failure {
        S3Failure(
            400, "InvalidPart",
            "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
            [
                "UploadId": upload.id, "PartNumber": "\(number)", "ETag": EntityTag.bare(etag),
            ])
    }

    private static func wrongOrder(_ upload: MultipartUpload) -> S3Failure {
        S3Failure(
            400, "InvalidPartOrder",
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
            ["UploadId": upload.id])
    }

    private static func tooSmall(_ number: Int, _ part: UploadedPart) -> S3Failure {
        S3Failure(
            400, "EntityTooSmall",
            "Your proposed upload is smaller than the minimum allowed size",
            [
                "ProposedSize": "\(part.sizeBytes)",
                "MinSizeAllowed": "\(MultipartUpload.smallestPartBytes)",
                "PartNumber": "\(number)", "ETag": EntityTag.bare(part.etag),
            ])
    }

    func checkSize(_ field: String?) throws(S3Failure) {
        guard let field else { return }
        let total = parts.reduce(0) { $0 + $1.sizeBytes }
        guard let wanted = Int64(field) else {
            throw .invalidRequest("Value for x-amz-mp-object-size header is invalid.")
        }
        guard wanted == total else {
            throw .invalidRequest(
                "The provided 'x-amz-mp-object-size' header value \(wanted) does not match what was computed: \(total)"
            )
        }
    }

    /// A claim about the whole object.
    func check(_ claim: ChecksumClaim?, kind: String?) throws(S3Failure) {
        if let kind, kind.uppercased() != upload.kind.rawValue, upload.chosenAlgorithm != nil {
            throw .invalidRequest(
                "The upload was created using the \(upload.kind.rawValue) checksum mode. The complete request must use the same checksum mode."
            )
        }
        guard let claim else { return }
        // A trailer's value is not that of the object, but of the document.
        guard case .given(let value) = claim.value, let checksum else {
            throw .notImplemented(header: claim.algorithm.headerName)
        }
        guard claim.algorithm == checksum.algorithm, checksum.text == Base64.encode(value) else {
            throw .badDigest(claim.algorithm.rawValue)
        }
    }

    private var checksum: ObjectChecksum? {
        let values = parts.compactMap { $0.checksums[upload.algorithm] }
        guard values.count == parts.count else { return nil }
        if upload.kind == .composite {
            return ObjectChecksum(upload.algorithm, composite: values)
        }
        let sized = zip(values, parts).map { (value: $0, sizeBytes: $1.sizeBytes) }
        return upload.algorithm.combined(sized).map { ObjectChecksum(upload.algorithm, $0) }
    }

    /// The entity tag is the MD5 of the parts' MD5s, and their number.
    func object(at time: SigningTime) -> StoredObject {
        let md5 = MD5.digest(parts.flatMap(\.md5))
        return StoredObject(
            content: ObjectContent(parts.map(\.content)),
            etag: "\"\(Hex.encode(md5))-\(parts.count)\"", lastModified: time,
            properties: upload.properties, checksum: checksum, partBytes: parts.map(\.sizeBytes))
    }
}
