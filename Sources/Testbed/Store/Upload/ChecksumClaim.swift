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
        try self.init(
            header: { name in call.header(name) }, trailers: call.header("x-amz-trailer"))
        let named = call.header("x-amz-sdk-checksum-algorithm")
        if let named, ChecksumAlgorithm(name: named) == nil {
            throw .invalidRequest(
                "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
            )
        }
    }

    /// - Parameters:
    ///   - header: a field's value by its lower-case name.
    ///   - trailers: the announced trailers' names.
    init?(header: (String) -> String?, trailers: String?) throws(S3Failure) {
        var claims: [(ChecksumAlgorithm, Value)] = []
        let announced = (trailers ?? "").lowercased().split(separator: ",").map {
            $0.drop { $0 == " " }.prefix { $0 != " " }
        }
        for algorithm in ChecksumAlgorithm.allCases {
            if let text = header(algorithm.headerName) {
                claims.append((algorithm, .given(try Self.value(text, algorithm))))
            } else if announced.contains(where: { $0 == algorithm.headerName }) {
                claims.append((algorithm, .trailing))
            }
        }
        guard claims.count < 2 else {
            throw .invalidRequest(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
            )
        }
        guard let claim = claims.first else { return nil }
        (algorithm, value) = claim
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
