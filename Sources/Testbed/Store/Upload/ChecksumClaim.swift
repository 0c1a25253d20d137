import NetIO
import Presign

/// What a request says its body's checksum is, by header, hoisted header or trailer.
struct ChecksumClaim {
    enum Value: Equatable {
        case given([UInt8])
        /// Comes after the body.
        case trailing
        /// None: the store computes it for itself.
        case absent
    }

    let algorithm: ChecksumAlgorithm
    let value: Value

    /// nil when the request speaks of no checksum.
    init?(_ call: StoreCall) throws(S3Failure) {
        _ = try call.checksumAlgorithm("x-amz-sdk-checksum-algorithm")
        try self.init(fields: call.headers, trailers: call.header("x-amz-trailer"))
    }

    /// Every field that speaks of a checksum is looked at: what cannot be verified is refused, and so
    /// are two of them, were they of one algorithm. Both texts for unknown names are those of a server
    /// that follows S3 closely (Versity's gateway); S3's own were not seen.
    ///
    /// - Parameters:
    ///   - fields: of a request or a form.
    ///   - trailers: the announced trailers' names.
    init?(fields: [NameValue], trailers: String?) throws(S3Failure) {
        var claims: [(ChecksumAlgorithm, Value)] = []
        for field in fields {
            guard let name = Self.algorithmName(field.name) else { continue }
            let algorithm = try ChecksumAlgorithm(
                name: name, field: field.name,
                refusal: .invalidRequest(
                    "The algorithm type you specified in x-amz-checksum- header is invalid."))
            claims.append((algorithm, .given(try Self.value(field.value, algorithm))))
        }
        for announced in (trailers ?? "").split(separator: ",") {
            let trailer = announced.filter { $0 != " " && $0 != "\t" }
            let algorithm = try ChecksumAlgorithm(
                name: Self.algorithmName(trailer) ?? "", field: trailer,
                refusal: .invalidRequest(
                    "The value specified in the x-amz-trailer header is not supported"))
            claims.append((algorithm, .trailing))
        }
        guard claims.count < 2 else {
            throw .invalidRequest(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
            )
        }
        guard let claim = claims.first else { return nil }
        (algorithm, value) = claim
    }

    /// `sha256` of `x-amz-checksum-sha256`; nil for fields that hold no checksum.
    static func algorithmName(_ field: String) -> String? {
        let prefix = "x-amz-checksum-"
        let bytes = field.utf8
        // Most fields are told apart by their length or their first letter.
        guard bytes.count > prefix.utf8.count, bytes.first.map({ $0 | 0x20 }) == 0x78 else {
            return nil
        }
        let name = field.asciiLowercased
        guard name.utf8.starts(with: prefix.utf8) else { return nil }
        let rest = String(decoding: name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
        return ["algorithm", "type", "mode"].contains(rest) ? nil : rest
    }

    init(computed algorithm: ChecksumAlgorithm) {
        self.algorithm = algorithm
        value = .absent
    }

    static func value(
        _ text: String, _ algorithm: ChecksumAlgorithm
    ) throws(S3Failure) -> [UInt8] {
        guard let value = Base64.decode(text), value.count == algorithm.valueBytes else {
            throw .invalidRequest("Value for \(algorithm.headerName) header is invalid.")
        }
        return value
    }
}

extension StoreCall {
    /// The algorithm that a field names; nil without the field.
    func checksumAlgorithm(_ field: String) throws(S3Failure) -> ChecksumAlgorithm? {
        guard let name = header(field) else { return nil }
        return try ChecksumAlgorithm(
            name: name, field: field, refusal: ChecksumAlgorithm.unsupported)
    }
}
