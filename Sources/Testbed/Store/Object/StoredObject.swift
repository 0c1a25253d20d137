import Presign

/// One object: its bytes and everything that comes back with them.
struct StoredObject {
    let content: ObjectContent
    /// With its quotes.
    let etag: String
    let lastModified: SigningTime
    let properties: ObjectProperties
    let checksum: ObjectChecksum?
    /// The parts' sizes of a multipart upload; empty otherwise.
    var partBytes: [Int64] = []

    var sizeBytes: Int64 { content.sizeBytes }
}

/// The fields that a client gives with an object and gets back with it.
struct ObjectProperties {
    static let defaultContentType = "binary/octet-stream"
    /// S3 User Guide, "Working with object metadata": names and values together.
    static let metadataLimitBytes = 2048

    private static let systemNames: Set<String> = [
        "cache-control", "content-disposition", "content-encoding", "content-language", "expires",
        "x-amz-website-redirect-location",
    ]
    private static let storageClasses: Set<String> = [
        "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
        "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR", "OUTPOSTS", "SNOW", "EXPRESS_ONEZONE",
        "FSX_OPENZFS",
    ]
    private static let cannedACLs: Set<String> = [
        "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read",
        "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write",
    ]

    let contentType: String
    private(set) var storageClass: String
    /// `Cache-Control` and its kin and `x-amz-meta-*`; these in lower case.
    private(set) var headers: [NameValue]
    let tagCount: Int

    /// - Parameter fields: of a request or a form.
    init(fields: [NameValue], isForm: Bool = false) throws(S3Failure) {
        let contentType = fields.joinedValue("content-type") ?? Self.defaultContentType
        let storageClass = fields.joinedValue("x-amz-storage-class") ?? "STANDARD"
        var kept: [NameValue] = []
        var tags = 0
        for field in fields {
            let name = field.name.asciiLowercased
            switch name {
            case "x-amz-tagging": tags += field.value.split(separator: "&").count
            case "tagging" where isForm: tags = Self.tagCount(xml: field.value)
            case "x-amz-acl", "acl":
                if name == "x-amz-acl" || isForm { try Self.checkACL(field.value, name) }
            default:
                guard name.hasPrefix("x-amz-meta-") || Self.systemNames.contains(name) else {
                    continue
                }
                try Self.checkToken(name)
                Self.keep(name, field.value, in: &kept)
            }
        }
        guard Self.storageClasses.contains(storageClass) else {
            throw S3Failure(
                400, "InvalidStorageClass", "The storage class you specified is not valid",
                ["StorageClassRequested": storageClass])
        }
        self.contentType = contentType
        self.storageClass = storageClass
        headers = kept
        tagCount = tags
        try checkMetadataSize()
    }

    /// A copy's, which keeps its metadata: what its request gives besides that replaces the source's.
    func copied(by call: StoreCall) throws(S3Failure) -> ObjectProperties {
        let redirect = "x-amz-website-redirect-location"
        let names = ["x-amz-storage-class", redirect]
        let given = try ObjectProperties(
            fields: call.headers.filter { names.contains($0.name.asciiLowercased) })
        var copied = self
        if call.header(names[0]) != nil { copied.storageClass = given.storageClass }
        guard call.header(redirect) != nil else { return copied }
        copied.headers.removeAll { $0.name == redirect }
        copied.headers += given.headers
        return copied
    }

    /// It becomes a field name of the object's answers, but in a form or a query it may be any text,
    /// line ends among it.
    private static func checkToken(_ name: String) throws(S3Failure) {
        guard name.utf8.allSatisfy(isTokenByte) else {
            throw .invalidArgument(
                "The name of a metadata field must be a token (RFC 9110, 5.6.2)", name: "name",
                value: name)
        }
    }

    /// Repeated fields count as one value; aws-chunked is the framing of a request, not the
    /// object's encoding.
    private static func keep(_ name: String, _ value: String, in kept: inout [NameValue]) {
        var value = value
        if name == "content-encoding" {
            value = value.split(separator: ",").map { $0.filter { $0 != " " } }
                .filter { $0.lowercased() != "aws-chunked" }.joined(separator: ",")
            if value.isEmpty { return }
        }
        if let index = kept.firstIndex(where: { $0.name == name }) {
            kept[index].value += ",\(value)"
        } else {
            kept.append((name, value))
        }
    }

    private func checkMetadataSize() throws(S3Failure) {
        let prefix = "x-amz-meta-"
        let size = headers.filter { $0.name.hasPrefix(prefix) }.reduce(0) {
            $0 + $1.name.utf8.count - prefix.utf8.count + $1.value.utf8.count
        }
        guard size <= Self.metadataLimitBytes else {
            throw S3Failure(
                400, "MetadataTooLarge",
                "Your metadata headers exceed the maximum allowed metadata size",
                ["Size": "\(size)", "MaxSizeAllowed": "\(Self.metadataLimitBytes)"])
        }
    }

    /// Any canned ACL is taken, and none does anything: recorded requests carry them.
    private static func checkACL(_ value: String, _ name: String) throws(S3Failure) {
        guard cannedACLs.contains(value) else {
            throw .invalidArgument("", name: name, value: value)
        }
    }

    private static func tagCount(xml: String) -> Int {
        let root = try? XMLReader.read(Array(xml.utf8))
        return root?.first("TagSet")?.all("Tag").count ?? 0
    }
}
