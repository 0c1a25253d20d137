import Presign

/// What URL and form lines have in common: who signs what, where and when.
struct PresignPlace {
    let credentials: Credentials
    let endpoint: Endpoint
    let key: [UInt8]
    let expiresSeconds: Int
    let time: SigningTime

    init(_ inputs: JSONValue, after last: inout EndpointMemory) throws(PresignLineError) {
        try inputs.checkTypes()
        credentials = Credentials(
            accessKey: try inputs.requiredText("access_key"),
            secretKey: try inputs.requiredText("secret_key"),
            sessionToken: inputs.text("session_token"))
        let region = try inputs.requiredText("region")
        let bucket = try inputs.requiredText("bucket")
        endpoint = try last.endpoint(
            try Self.style(inputs), region: region, bucket: bucket,
            url: inputs.text("endpoint_url"))
        key = try Self.key(inputs)
        guard let expires = inputs["expires"]?.integer else {
            throw PresignLineError(message: "'expires' must be a whole number of seconds")
        }
        expiresSeconds = expires
        time = try Self.time(inputs)
    }

    private static func key(_ inputs: JSONValue) throws(PresignLineError) -> [UInt8] {
        guard let hex = inputs.text("key_utf8_hex") else {
            return Array(try inputs.requiredText("key").utf8)
        }
        guard let bytes = Hex.decode(hex) else {
            throw PresignLineError(message: "'key_utf8_hex' is not hexadecimal")
        }
        return bytes
    }

    private static func time(_ inputs: JSONValue) throws(PresignLineError) -> SigningTime {
        let text = inputs.text("amz_date") ?? inputs.text("now") ?? ""
        guard let time = SigningTime(amzDate: text) ?? SigningTime(iso8601: text) else {
            throw PresignLineError(message: "'amz_date' must be a time like 20260410T224818Z")
        }
        return time
    }

    /// The style as named, or what a boto3 configuration comes to.
    private static func style(_ inputs: JSONValue) throws(PresignLineError) -> Endpoint.Style {
        if let name = inputs.text("style") {
            guard let style = Endpoint.Style(rawValue: name) else {
                throw PresignLineError(message: "unknown style '\(name)'")
            }
            return style
        }
        let config = inputs["botocore_s3_config"]
        func isOn(_ name: String) -> Bool {
            guard case .bool(true)? = config?[name] else { return false }
            return true
        }
        let addressing = config?["addressing_style"]?.string
        if inputs.text("endpoint_url") != nil {
            return addressing == "virtual" ? .customVirtualHosted : .customPath
        }
        if isOn("use_accelerate_endpoint") { return .accelerate }
        if isOn("use_dualstack_endpoint") { return .dualStack }
        switch addressing {
        case "virtual": return .virtualHosted
        case "path": return .path
        default: return .global
        }
    }
}

/// The endpoint of the line before: most lines of a batch go to the same bucket.
struct EndpointMemory {
    private struct Entry {
        let style: Endpoint.Style
        let url: String?
        let endpoint: Endpoint
    }

    private var last: Entry?

    mutating func endpoint(
        _ style: Endpoint.Style, region: String, bucket: String, url: String?
    ) throws(PresignLineError) -> Endpoint {
        if let last, last.style == style, last.url == url, last.endpoint.region == region,
            last.endpoint.bucket == bucket
        {
            return last.endpoint
        }
        do throws(EndpointError) {
            let endpoint = try Endpoint(style: style, region: region, bucket: bucket, url: url)
            last = Entry(style: style, url: url, endpoint: endpoint)
            return endpoint
        } catch {
            throw PresignLineError(message: error.description)
        }
    }
}

/// The inputs of one presigned URL.
struct PresignURLInputs {
    let credentials: Credentials
    let endpoint: Endpoint
    let key: [UInt8]
    let expiresSeconds: Int
    let time: SigningTime
    let method: String
    let headers: [NameValue]
    let query: [NameValue]

    /// - Parameter request: method, headers and query as they stand, instead of boto3's names.
    init(
        _ inputs: JSONValue, request: JSONValue?, operation: String?,
        after last: inout EndpointMemory
    ) throws(PresignLineError) {
        let place = try PresignPlace(inputs, after: &last)
        credentials = place.credentials
        key = place.key
        expiresSeconds = place.expiresSeconds
        time = place.time
        let extra = try inputs["extra_headers"]?.pairs("extra_headers") ?? []
        if let request {
            let host = request.text("host") ?? place.endpoint.host
            let scheme = request.text("scheme") ?? place.endpoint.scheme
            endpoint = place.endpoint.at(scheme: scheme, host: host)
            method = request.text("method") ?? "PUT"
            headers = try request["headers"]?.pairs("headers") ?? extra
            query = try request["operation_query"]?.pairs("operation_query") ?? []
            return
        }
        endpoint = place.endpoint
        let parameters = try BotoParameters(inputs["params"])
        method = try BotoParameters.method(
            of: operation ?? inputs.text("operation"), parameters)
        headers = parameters.headers + extra
        query = parameters.query
    }

    /// Can both be signed by one prepared signer?
    func sharesAllButKey(with other: PresignURLInputs) -> Bool {
        method == other.method && expiresSeconds == other.expiresSeconds
            && credentials == other.credentials && endpoint == other.endpoint
            && headers.elementsEqual(other.headers) { $0.name == $1.name && $0.value == $1.value }
    }
}

/// The inputs of one form.
struct PresignFormInputs {
    let place: PresignPlace
    let fields: [NameValue]
    let conditions: [PolicyCondition]

    init(_ inputs: JSONValue, after last: inout EndpointMemory) throws(PresignLineError) {
        place = try PresignPlace(inputs, after: &last)
        fields = try inputs["fields"]?.members("fields") ?? []
        var conditions: [PolicyCondition] = []
        for element in inputs["conditions"]?.array ?? [] {
            do throws(PolicyDocumentError) {
                conditions.append(try PolicyCondition(element))
            } catch {
                throw PresignLineError(message: "'conditions': \(error.message)")
            }
        }
        self.conditions = conditions
    }

    /// Can both be signed by one prepared signer?
    func sharesAllButKey(with other: PresignFormInputs) -> Bool {
        place.expiresSeconds == other.place.expiresSeconds
            && place.credentials == other.place.credentials
            && place.endpoint == other.place.endpoint && conditions == other.conditions
            && fields.elementsEqual(other.fields) { $0.name == $1.name && $0.value == $1.value }
    }
}

extension JSONValue {
    private static let textNames = [
        "session_token", "style", "endpoint_url", "key_utf8_hex", "amz_date", "now", "operation",
    ]

    /// What is there and cannot be read would be signed without.
    fileprivate func checkTypes() throws(PresignLineError) {
        for name in Self.textNames {
            guard let value = self[name], value.string == nil, !value.isNull else { continue }
            throw PresignLineError(message: "'\(name)' must be a text")
        }
        if let config = self["botocore_s3_config"], config.object == nil, !config.isNull {
            throw PresignLineError(message: "'botocore_s3_config' must be an object")
        }
        if let conditions = self["conditions"], conditions.array == nil, !conditions.isNull {
            throw PresignLineError(message: "'conditions' must be a list")
        }
    }

    /// The member's text; nil when it is absent or null.
    fileprivate func text(_ name: String) -> String? { self[name]?.string }

    fileprivate func requiredText(_ name: String) throws(PresignLineError) -> String {
        guard let text = text(name) else {
            throw PresignLineError(message: "'inputs.\(name)' is missing")
        }
        return text
    }

    /// A text, or how a request spells a number or a truth value.
    fileprivate var scalarText: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let value): value ? "true" : "false"
        default: nil
        }
    }

    /// `[[name, value], …]`
    fileprivate func pairs(_ name: String) throws(PresignLineError) -> [NameValue] {
        if isNull { return [] }
        guard let elements = array else {
            throw PresignLineError(message: "'\(name)' must be a list of [name, value]")
        }
        var pairs: [NameValue] = []
        for element in elements {
            guard let halves = element.array, halves.count == 2, let first = halves[0].string,
                let second = halves[1].scalarText
            else { throw PresignLineError(message: "'\(name)' must be a list of [name, value]") }
            pairs.append((first, second))
        }
        return pairs
    }

    /// `{name: value, …}` in order
    fileprivate func members(_ name: String) throws(PresignLineError) -> [NameValue] {
        if isNull { return [] }
        guard let members = object else {
            throw PresignLineError(message: "'\(name)' must be an object of texts")
        }
        var pairs: [NameValue] = []
        for member in members {
            guard let value = member.value.scalarText else {
                throw PresignLineError(message: "'\(name).\(member.name)' must be a text")
            }
            pairs.append((member.name, value))
        }
        return pairs
    }
}

/// boto3's parameter names as the headers and query parameters that they become (botocore, the
/// S3 service model).
struct BotoParameters {
    private(set) var headers: [NameValue] = []
    private(set) var query: [NameValue] = []

    private static let headerNames = [
        "ACL": "x-amz-acl", "CacheControl": "Cache-Control",
        "ContentDisposition": "Content-Disposition", "ContentEncoding": "Content-Encoding",
        "ContentLanguage": "Content-Language", "ContentLength": "Content-Length",
        "ContentMD5": "Content-MD5", "ContentType": "Content-Type",
        "ChecksumAlgorithm": "x-amz-sdk-checksum-algorithm", "ChecksumMode": "x-amz-checksum-mode",
        "ChecksumCRC32": "x-amz-checksum-crc32", "ChecksumCRC32C": "x-amz-checksum-crc32c",
        "ChecksumCRC64NVME": "x-amz-checksum-crc64nvme", "ChecksumSHA1": "x-amz-checksum-sha1",
        "ChecksumSHA256": "x-amz-checksum-sha256",
        "ExpectedBucketOwner": "x-amz-expected-bucket-owner",
        "GrantFullControl": "x-amz-grant-full-control", "GrantRead": "x-amz-grant-read",
        "GrantReadACP": "x-amz-grant-read-acp", "GrantWriteACP": "x-amz-grant-write-acp",
        "IfMatch": "If-Match", "IfNoneMatch": "If-None-Match",
        "IfModifiedSince": "If-Modified-Since", "IfUnmodifiedSince": "If-Unmodified-Since",
        "ObjectLockLegalHoldStatus": "x-amz-object-lock-legal-hold",
        "ObjectLockMode": "x-amz-object-lock-mode", "Range": "Range",
        "RequestPayer": "x-amz-request-payer",
        "BucketKeyEnabled": "x-amz-server-side-encryption-bucket-key-enabled",
        "SSECustomerAlgorithm": "x-amz-server-side-encryption-customer-algorithm",
        "SSECustomerKey": "x-amz-server-side-encryption-customer-key",
        "SSECustomerKeyMD5": "x-amz-server-side-encryption-customer-key-MD5",
        "SSEKMSEncryptionContext": "x-amz-server-side-encryption-context",
        "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
        "ServerSideEncryption": "x-amz-server-side-encryption",
        "StorageClass": "x-amz-storage-class", "Tagging": "x-amz-tagging",
        "WebsiteRedirectLocation": "x-amz-website-redirect-location",
        "WriteOffsetBytes": "x-amz-write-offset-bytes",
    ]

    private static let queryNames = [
        "PartNumber": "partNumber", "ResponseCacheControl": "response-cache-control",
        "ResponseContentDisposition": "response-content-disposition",
        "ResponseContentEncoding": "response-content-encoding",
        "ResponseContentLanguage": "response-content-language",
        "ResponseContentType": "response-content-type", "ResponseExpires": "response-expires",
        "UploadId": "uploadId", "VersionId": "versionId",
    ]

    init(_ parameters: JSONValue?) throws(PresignLineError) {
        if let parameters, parameters.object == nil, !parameters.isNull {
            throw PresignLineError(message: "'params' must be an object")
        }
        for (name, value) in parameters?.object ?? [] {
            if name == "Metadata" {
                headers += try value.members(name).map { ("x-amz-meta-\($0.name)", $0.value) }
                continue
            }
            guard let text = value.scalarText else {
                throw PresignLineError(message: "'params.\(name)' must be a text or a number")
            }
            if let header = Self.headerNames[name] {
                headers.append((header, text))
            } else if let parameter = Self.queryNames[name] {
                query.append((parameter, text))
            } else if name != "Bucket" && name != "Key" {
                let known = Array(Self.headerNames.keys) + Array(Self.queryNames.keys)
                let hint = nearest(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
                throw PresignLineError(message: "unknown parameter '\(name)'\(hint)")
            }
        }
    }

    static func method(
        of operation: String?, _ parameters: BotoParameters
    ) throws(PresignLineError) -> String {
        let methods = [
            "put_object": "PUT", "upload_part": "PUT", "get_object": "GET", "head_object": "HEAD",
            "delete_object": "DELETE",
        ]
        if let operation {
            guard let method = methods[operation] else {
                let names = methods.keys.sorted().joined(separator: ", ")
                throw PresignLineError(
                    message: "unknown operation '\(operation)' (one of \(names))")
            }
            return method
        }
        // Only a GET has a range or says how to answer.
        let reads =
            parameters.query.contains { $0.name.hasPrefix("response-") }
            || parameters.headers.contains { $0.name == "Range" }
        return reads ? "GET" : "PUT"
    }
}
