import Glibc
import Presign

/// Answers lines of one shape (see `PresignBatchShape`) from a prepared signer, straight into the
/// output.
final class PresignBatchQuickSigner {
    private let shape: PresignBatchShape
    private var signer: PresignedURLSigner
    private let origin: [UInt8]
    private var timeText: [UInt8] = []
    private var time = SigningTime(unixSeconds: 0)

    private static let beforeID = Array("{\"id\": \"".utf8)
    private static let beforeURL = Array("\", \"url\": \"".utf8)
    private static let beforeSignature = Array("\", \"signature\": \"".utf8)
    private static let end = Array("\"}\n".utf8)
    private static let signatureBytes = 64

    /// - Parameter inputs: of the line that the shape was made from.
    init(_ shape: PresignBatchShape, _ inputs: PresignURLInputs) throws(SigningError) {
        self.shape = shape
        signer = try PresignedURLSigner(
            URLPresigner(credentials: inputs.credentials, endpoint: inputs.endpoint),
            method: inputs.method, headers: inputs.headers, expiresSeconds: inputs.expiresSeconds)
        origin = Array("\(inputs.endpoint.scheme)://\(inputs.endpoint.host)".utf8)
    }

    /// Appends the answer; false, and nothing appended, for a line that is to be parsed.
    func answer(_ line: ArraySlice<UInt8>, into output: inout [UInt8]) -> Bool {
        line.withUnsafeBytes { line in
            guard let values = shape.values(of: line), readTime(values.time),
                let signed = try? append(values, to: &output)
            else { return false }
            return signed
        }
    }

    private func readTime(_ text: UnsafeRawBufferPointer) -> Bool {
        let isSame = timeText.withUnsafeBytes { last in
            guard text.count == last.count, let last = last.baseAddress,
                let text = text.baseAddress
            else { return false }
            return memcmp(last, text, timeText.count) == 0
        }
        if isSame { return true }
        guard let read = SigningTime(amzDate: String(decoding: text, as: UTF8.self)) else {
            return false
        }
        time = read
        timeText = Array(text)
        return true
    }

    private func append(
        _ values: PresignBatchShape.Values, to output: inout [UInt8]
    ) throws(SigningError) -> Bool {
        let limit = signer.targetBytesLimit(keyBytes: values.key.count, at: time)
        let room =
            limit + values.id.count + origin.count + Self.signatureBytes + Self.beforeID.count
            + Self.beforeURL.count + Self.beforeSignature.count + Self.end.count
        if room > scratch.count { scratch = [UInt8](repeating: 0, count: room * 2) }
        var written = 0
        // A typed error does not pass through withUnsafeMutableBytes.
        let result = scratch.withUnsafeMutableBytes { place in
            Result { () throws(SigningError) in
                written = try store(values, to: place)
            }
        }
        try result.get()
        scratch.withUnsafeBytes {
            output.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[..<written]))
        }
        return true
    }

    private var scratch: [UInt8] = []

    private func store(
        _ values: PresignBatchShape.Values, to place: UnsafeMutableRawBufferPointer
    ) throws(SigningError) -> Int {
        var count = 0
        func put(_ bytes: UnsafeRawBufferPointer) {
            UnsafeMutableRawBufferPointer(rebasing: place[count...]).copyMemory(from: bytes)
            count += bytes.count
        }
        func put(_ bytes: [UInt8]) { bytes.withUnsafeBytes { put($0) } }
        put(Self.beforeID)
        put(values.id)
        put(Self.beforeURL)
        put(origin)
        count += try signer.store(
            key: values.key, at: time, to: UnsafeMutableRawBufferPointer(rebasing: place[count...]))
        // The signature is the URL's end.
        let signature = UnsafeRawBufferPointer(
            rebasing: place[(count - Self.signatureBytes)..<count])
        put(Self.beforeSignature)
        put(signature)
        put(Self.end)
        return count
    }
}
