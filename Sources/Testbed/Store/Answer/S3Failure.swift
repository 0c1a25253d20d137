import Presign

/// An answer that S3 gives instead of doing what was asked: status, code, message and the elements
/// after them, in their order (S3 API Reference, "Error responses").
struct S3Failure: Error, Equatable {
    struct Element: Equatable {
        let name: String
        let value: String
    }

    let status: Int
    let code: String
    let message: String
    let elements: [Element]

    init(
        _ status: Int, _ code: String, _ message: String,
        _ elements: KeyValuePairs<String, String> = [:]
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.elements = elements.map(Element.init(name:value:))
    }

    init(_ failure: SignatureFailure) {
        status = failure.status
        code = failure.code
        message = failure.message
        elements = failure.elements.map { Element(name: $0.name, value: $0.value) }
    }

    /// What a server refuses before it knows the request, with the codes that S3 has for it (S3 API
    /// Reference, "Error responses"), of which the first two go with 400.
    init(_ problem: RequestProblem) {
        switch problem {
        case .headTimedOut, .bodyTimedOut: self.init(400, "RequestTimeout", problem.message)
        case .fieldsTooLarge, .tooManyFields:
            self.init(400, "RequestHeaderSectionTooLarge", problem.message)
        case .transferCodingNotSupported:
            self.init(problem.status, "NotImplemented", problem.message)
        case .tooManyConnections:
            self.init(problem.status, "ServiceUnavailable", problem.message)
        case .malformed, .requestLineTooLong, .versionNotSupported:
            self.init(problem.status, "InvalidRequest", problem.message)
        }
    }

    /// Without a call that it belongs to.
    func response(requestID: String) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: [
                ("x-amz-id-2", StoreCall.hostID), ("x-amz-request-id", requestID),
                ("Content-Type", "application/xml"), ("Server", "AmazonS3"),
            ],
            body: .bytes(document(requestID: requestID, hostID: StoreCall.hostID)))
    }

    func document(requestID: String, hostID: String) -> [UInt8] {
        var xml = XMLWriter()
        xml.element("Error") { xml in
            xml.text("Code", code)
            xml.text("Message", message)
            for element in elements { xml.text(element.name, element.value) }
            xml.text("RequestId", requestID)
            xml.text("HostId", hostID)
        }
        return xml.bytes
    }
}

// What several operations answer, in S3's words.
extension S3Failure {
    static let accessDenied = S3Failure(403, "AccessDenied", "Access Denied")

    static let methodNotAllowed = S3Failure(
        405, "MethodNotAllowed", "The specified method is not allowed against this resource.")

    static let missingContentLength = S3Failure(
        411, "MissingContentLength", "You must provide the Content-Length HTTP header.")

    static let slowDown = S3Failure(503, "SlowDown", "Please reduce your request rate.")

    static func noSuchUpload(_ id: String) -> S3Failure {
        S3Failure(
            404, "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
            ["UploadId": id])
    }

    static let incompleteBody = S3Failure(
        400, "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header")

    static let malformedXML = S3Failure(
        400, "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema")

    static func noSuchBucket(_ name: String) -> S3Failure {
        S3Failure(
            404, "NoSuchBucket", "The specified bucket does not exist", ["BucketName": name])
    }

    static func noSuchKey(_ key: ObjectKey) -> S3Failure {
        S3Failure(404, "NoSuchKey", "The specified key does not exist.", ["Key": key.text])
    }

    /// That S3 refuses such keys with 400 is documented, its code for them is not.
    static let invalidURI = S3Failure(400, "InvalidURI", "Couldn't parse the specified URI.")

    static func keyTooLong(_ sizeBytes: Int) -> S3Failure {
        S3Failure(
            400, "KeyTooLongError", "Your key is too long",
            ["Size": "\(sizeBytes)", "MaxSizeAllowed": "\(ObjectKey.limitBytes)"])
    }

    static func invalidArgument(
        _ message: String, name: String, value: String
    ) -> S3Failure {
        S3Failure(
            400, "InvalidArgument", message, ["ArgumentName": name, "ArgumentValue": value])
    }

    static func invalidRequest(_ message: String) -> S3Failure {
        S3Failure(400, "InvalidRequest", message)
    }

    static func notImplemented(header: String) -> S3Failure {
        S3Failure(
            501, "NotImplemented",
            "A header you provided implies functionality that is not implemented",
            ["Header": header])
    }

    static func preconditionFailed(_ condition: String) -> S3Failure {
        S3Failure(
            412, "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
            ["Condition": condition])
    }

    static func entityTooLarge(_ sizeBytes: Int64, limitBytes: Int64) -> S3Failure {
        S3Failure(.entityTooLarge(sizeBytes, limitBytes: limitBytes))
    }

    static let malformedTrailer = S3Failure(
        400, "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to our published schema."
    )

    static func badDigest(_ what: String) -> S3Failure {
        S3Failure(
            400, "BadDigest", "The \(what) you specified did not match the calculated checksum.")
    }

    /// S3 has no end: this store has. SDKs do not retry a 507, so a full store fails at once.
    static func storeFull(limitBytes: Int64) -> S3Failure {
        S3Failure(
            507, "InsufficientStorage",
            "The embedded store holds at most \(limitBytes) bytes (--store memory:LIMIT). "
                + "Give it more, or use --store discard or dir:PATH.",
            ["LimitBytes": "\(limitBytes)"])
    }

    static func storage(_ operation: String, _ reason: String) -> S3Failure {
        S3Failure(
            500, "InternalError", "The embedded store could not \(operation): \(reason)")
    }

    static func busy(_ reason: String) -> S3Failure {
        S3Failure(503, "ServiceUnavailable", "The embedded store \(reason).")
    }

    static let diskFull = S3Failure(
        507, "InsufficientStorage", "The disk of --store dir: is full.")

    static let discarded = S3Failure(
        501, "NotImplemented",
        "The embedded store was told to discard the objects' bytes (--store discard).")
}
