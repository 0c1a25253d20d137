/// An answer that S3 gives instead of doing what was asked: status, code, text and the elements
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

    init(_ status: Int, _ code: String, _ message: String, _ elements: [(String, String)] = []) {
        self.status = status
        self.code = code
        self.message = message
        self.elements = elements.map { Element(name: $0.0, value: $0.1) }
    }

    static func noSuchBucket(_ name: String) -> S3Failure {
        S3Failure(
            404, "NoSuchBucket", "The specified bucket does not exist", [("BucketName", name)])
    }

    static func noSuchKey(_ key: ObjectKey) -> S3Failure {
        S3Failure(
            404, "NoSuchKey", "The specified key does not exist.", [("Key", key.text)])
    }

    static let accessDenied = S3Failure(403, "AccessDenied", "Access Denied")

    static let methodNotAllowed = S3Failure(
        405, "MethodNotAllowed", "The specified method is not allowed against this resource.")

    static let missingContentLength = S3Failure(
        411, "MissingContentLength", "You must provide the Content-Length HTTP header.")

    static let incompleteBody = S3Failure(
        400, "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header.")

    static let keyTooLong = S3Failure(
        400, "KeyTooLongError", "Your key is too long", [("MaxSizeAllowed", "1024")])

    static func notImplemented(_ what: String) -> S3Failure {
        S3Failure(
            501, "NotImplemented",
            "A header you provided implies functionality that is not implemented",
            [("Header", what)])
    }

    /// S3 has no such error: it is this store's own memory that has an end.
    static func storeFull(limitBytes: Int64) -> S3Failure {
        S3Failure(
            503, "SlowDown",
            "Please reduce your request rate. (The embedded store holds at most \(limitBytes) bytes.)"
        )
    }

    func document(requestID: String) -> [UInt8] {
        var xml = XMLWriter()
        xml.element("Error") { xml in
            xml.text("Code", code)
            xml.text("Message", message)
            for element in elements { xml.text(element.name, element.value) }
            xml.text("RequestId", requestID)
            xml.text("HostId", "uploadbench")
        }
        return xml.bytes
    }
}
