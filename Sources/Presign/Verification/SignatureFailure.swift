/// S3's refusal: status, code, message and further elements in the order S3 has them.
package struct SignatureFailure: Error, Equatable {
    package let status: Int
    package let code: String
    package let message: String
    package let elements: [Element]

    package struct Element: Sendable, Equatable {
        package let name: String
        package let value: String
    }

    package init(
        status: Int, code: String, message: String,
        _ elements: KeyValuePairs<String, String> = [:]
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.elements = elements.map(Element.init(name:value:))
    }

    package static let permissionDenied = accessDenied("Access Denied")

    package static func accessDenied(
        _ message: String, _ elements: KeyValuePairs<String, String> = [:]
    ) -> SignatureFailure {
        SignatureFailure(status: 403, code: "AccessDenied", message: message, elements)
    }

    static func queryParameters(
        _ message: String, _ elements: KeyValuePairs<String, String> = [:]
    ) -> SignatureFailure {
        SignatureFailure(
            status: 400, code: "AuthorizationQueryParametersError", message: message, elements)
    }

    static func invalidArgument(
        _ message: String, _ elements: KeyValuePairs<String, String>
    ) -> SignatureFailure {
        SignatureFailure(status: 400, code: "InvalidArgument", message: message, elements)
    }

    static func invalidAccessKey(_ accessKey: String) -> SignatureFailure {
        SignatureFailure(
            status: 403, code: "InvalidAccessKeyId",
            message: "The AWS Access Key Id you provided does not exist in our records.",
            ["AWSAccessKeyId": accessKey])
    }

    static func invalidToken(_ token: String) -> SignatureFailure {
        SignatureFailure(
            status: 400, code: "InvalidToken",
            message: "The provided token is malformed or otherwise invalid.", ["Token-0": token])
    }

    static func missingFormField(_ name: String) -> SignatureFailure {
        invalidArgument(
            "Bucket POST must contain a field named '\(name)'.  If it is specified, please check the order of the fields.",
            ["ArgumentName": name, "ArgumentValue": ""])
    }

    package static func entityTooLarge(
        _ sizeBytes: Int64, limitBytes: Int64
    ) -> SignatureFailure {
        SignatureFailure(
            status: 400, code: "EntityTooLarge",
            message: "Your proposed upload exceeds the maximum allowed size",
            ["ProposedSize": String(sizeBytes), "MaxSizeAllowed": String(limitBytes)])
    }

    package static func entityTooSmall(
        _ sizeBytes: Int64, limitBytes: Int64
    ) -> SignatureFailure {
        SignatureFailure(
            status: 400, code: "EntityTooSmall",
            message: "Your proposed upload is smaller than the minimum allowed size",
            ["ProposedSize": String(sizeBytes), "MinSizeAllowed": String(limitBytes)])
    }

    /// - Parameter canonicalRequest: nil where there is none: forms and chunks.
    static func signatureMismatch(
        accessKey: String, stringToSign: [UInt8], provided: String, canonicalRequest: [UInt8]?
    ) -> SignatureFailure {
        let message =
            "The request signature we calculated does not match the signature you provided. "
            + "Check your key and signing method."
        let (text, textBytes) = spelled(stringToSign)
        guard let canonicalRequest else {
            return SignatureFailure(
                status: 403, code: "SignatureDoesNotMatch", message: message,
                [
                    "AWSAccessKeyId": accessKey, "StringToSign": text,
                    "SignatureProvided": provided, "StringToSignBytes": textBytes,
                ])
        }
        let (canonical, canonicalBytes) = spelled(canonicalRequest)
        return SignatureFailure(
            status: 403, code: "SignatureDoesNotMatch", message: message,
            [
                "AWSAccessKeyId": accessKey, "StringToSign": text, "SignatureProvided": provided,
                "StringToSignBytes": textBytes, "CanonicalRequest": canonical,
                "CanonicalRequestBytes": canonicalBytes,
            ])
    }

    /// The text, and its bytes as pairs of hex digits with spaces between.
    private static func spelled(_ bytes: [UInt8]) -> (String, String) {
        let pairs = bytes.map { Hex.encode([$0]) }
        return (String(decoding: bytes, as: UTF8.self), pairs.joined(separator: " "))
    }
}
