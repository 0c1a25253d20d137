import NetIO
import Presign

extension StoreHandler {
    static func owner(_ name: String, _ xml: inout XMLWriter) {
        xml.element(name) { xml in
            xml.text("ID", String(repeating: "0", count: 64))
            xml.text("DisplayName", "uploadbench")
        }
    }

    func listBuckets() -> HTTPResponse {
        .document("ListAllMyBucketsResult") { xml in
            Self.owner("Owner", &xml)
            xml.element("Buckets") { xml in
                for bucket in store.bucketsByName {
                    xml.element("Bucket") { xml in
                        xml.text("Name", bucket.name)
                        xml.text("CreationDate", bucket.created.milliseconds)
                    }
                }
            }
        }
    }

    /// us-east-1 has an empty constraint (S3 API Reference, "GetBucketLocation").
    func bucketLocation() -> HTTPResponse {
        var xml = XMLWriter()
        let region = configuration.region == "us-east-1" ? "" : configuration.region
        xml.text("LocationConstraint", namespace: XMLWriter.namespace, region)
        return .xml(xml)
    }

    func startCreateBucket(_ call: StoreCall, _ name: String) throws(S3Failure) {
        guard Self.isBucketName(name) else {
            throw S3Failure(
                400, "InvalidBucketName", "The specified bucket is not valid.",
                ["BucketName": name])
        }
        if store.contains(name), configuration.region != "us-east-1" {
            throw S3Failure(
                409, "BucketAlreadyOwnedByYou",
                "Your previous request to create the named bucket succeeded and you already own it.",
                ["BucketName": name])
        }
        // Its configuration can only name a region, and there is one.
        try receiveDocument(call) { [store] _ in
            if !store.contains(name) { store.add(name, at: call.now) }
            return HTTPResponse(status: 200, headers: [("Location", "/\(name)")])
        }
    }

    /// S3 User Guide, "Bucket naming rules".
    private static func isBucketName(_ name: String) -> Bool {
        let isAlphanumeric = { (byte: UInt8) in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
        }
        let bytes = Array(name.utf8)
        return (3...63).contains(bytes.count) && !name.contains("..")
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E }
            && isAlphanumeric(bytes.first ?? 0) && isAlphanumeric(bytes.last ?? 0)
    }

    func routeAcceleration(_ call: StoreCall, _ bucket: Bucket) throws(S3Failure) {
        switch call.method {
        case "GET":
            call.answer(
                .document("AccelerateConfiguration") {
                    $0.optionalText("Status", bucket.accelerationStatus)
                })
        case "PUT":
            try receiveDocument(call) { bytes throws(S3Failure) in
                let status = try XMLReader.read(bytes).first("Status")?.trimmed
                guard let status, ["Enabled", "Suspended"].contains(status) else {
                    throw .malformedXML
                }
                guard !bucket.name.contains(".") else {
                    throw .invalidRequest(
                        "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
                    )
                }
                bucket.accelerationStatus = status
                return HTTPResponse(status: 200)
            }
        default: throw .methodNotAllowed
        }
    }

    func startDeleteObjects(_ call: StoreCall, _ bucket: Bucket) throws(S3Failure) {
        let claim = try ChecksumClaim(call)
        guard call.header("content-md5") != nil || claim != nil else {
            throw .invalidRequest("Missing required header for this request: Content-MD5")
        }
        try receiveDocument(call, limitBytes: DocumentWriter.largeBytes) {
            bytes throws(S3Failure) in
            let document = try XMLReader.read(bytes)
            let objects = document.all("Object")
            guard document.name == "Delete", (1...1000).contains(objects.count) else {
                throw .malformedXML
            }
            let isQuiet = document.first("Quiet")?.trimmed == "true"
            var keys: [ObjectKey] = []
            for object in objects {
                guard let key = object.first("Key") else { throw .malformedXML }
                // Conditions and versions: nothing is deleted without a look at them.
                if let other = object.children.first(where: { $0.name != "Key" }) {
                    throw .notImplemented(header: other.name)
                }
                keys.append(ObjectKey(key.text))
            }
            for key in keys { bucket.delete(key) }
            return .document("DeleteResult") { xml in
                for key in keys where !isQuiet {
                    xml.element("Deleted") { $0.text("Key", key.bytes) }
                }
            }
        }
    }
}
