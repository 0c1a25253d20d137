import NetIO
import Presign

/// Takes the body of one request in: out of its framing, through the checksums, to the writer.
struct BodyIntake {
    /// One request's body (S3 User Guide, "Uploading objects"): 5 GiB.
    static let limitBytes: Int64 = 5 << 30

    private var digests: BodyDigests
    private var decoder: AWSChunkedDecoder?
    private let writer: any BytesWriter
    private let expectedBytes: Int64
    /// The trailer that the claim's checksum comes in.
    private let checksumTrailer: String?
    private var receivedBytes: Int64 = 0

    init(
        _ call: StoreCall, claim: ChecksumClaim?, wanted: [ChecksumAlgorithm],
        writer: any BytesWriter
    ) throws(S3Failure) {
        self.writer = writer
        expectedBytes = try Self.expectedBytes(call)
        checksumTrailer = claim?.value == .trailing ? claim?.algorithm.headerName : nil
        var payloadHex: String?
        switch call.payload {
        case .unsigned: break
        case .digest(let hex): payloadHex = hex
        case .signedChunks(let verifier, let hasTrailer):
            decoder = AWSChunkedDecoder(verifier: verifier, hasTrailer: hasTrailer)
        case .unsignedChunksWithTrailer:
            decoder = AWSChunkedDecoder(verifier: nil, hasTrailer: true)
        }
        digests = try BodyDigests(
            contentMD5: call.header("content-md5"), payloadHex: payloadHex, claim: claim,
            wanted: wanted)
    }

    /// The object's length, which S3 wants to know beforehand.
    static func expectedBytes(_ call: StoreCall) throws(S3Failure) -> Int64 {
        let isFramed =
            switch call.payload {
            case .signedChunks, .unsignedChunksWithTrailer: true
            case .unsigned, .digest: false
            }
        let length: Int64
        if isFramed {
            guard let text = call.header("x-amz-decoded-content-length"),
                text.utf8.allSatisfy(isDigit), let decoded = Int64(text)
            else { throw .missingContentLength }
            length = decoded
        } else if let stated = call.request.contentLength {
            length = stated
        } else if call.request.isChunked {
            throw .notImplemented(header: "Transfer-Encoding")
        } else {
            throw .missingContentLength
        }
        guard length <= limitBytes else {
            throw .entityTooLarge(length, limitBytes: limitBytes)
        }
        return length
    }

    mutating func receive(_ bytes: UnsafeRawBufferPointer) throws(S3Failure) {
        guard decoder != nil else { return try take(bytes) }
        var runs: [UnsafeRawBufferPointer] = []
        try decoder?.decode(bytes) { runs.append($0) }
        for run in runs { try take(run) }
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer) throws(S3Failure) {
        receivedBytes += Int64(bytes.count)
        guard receivedBytes <= expectedBytes else { throw .incompleteBody }
        digests.update(bytes)
        try writer.append(bytes)
    }

    func finish() throws(S3Failure) -> ReceivedBody {
        try decoder?.checkComplete()
        guard receivedBytes == expectedBytes else { throw .incompleteBody }
        try checkTrailers()
        return try digests.finish(try writer.finish()) { decoder?.trailer($0) }
    }

    /// A checksum that was not announced would go unread.
    private func checkTrailers() throws(S3Failure) {
        for trailer in decoder?.trailers ?? []
        where ChecksumClaim.algorithmName(trailer.name) != nil {
            guard checksumTrailer.map(trailer.name.equalsIgnoringCase) == true else {
                throw .malformedTrailer
            }
        }
    }
}

/// Streams a body into an intake and answers at its end, or as soon as it is refused.
final class UploadSink: BodySink {
    private let call: StoreCall
    private var intake: BodyIntake?
    private let commit: (ReceivedBody) throws(S3Failure) -> HTTPResponse

    init(
        _ call: StoreCall, _ intake: BodyIntake,
        commit: @escaping (ReceivedBody) throws(S3Failure) -> HTTPResponse
    ) {
        self.call = call
        self.intake = intake
        self.commit = commit
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        do throws(S3Failure) {
            try intake?.receive(bytes)
        } catch {
            refuse(error)
        }
    }

    func finish() {
        guard let intake else { return }
        self.intake = nil
        do throws(S3Failure) {
            call.answer(try commit(try intake.finish()))
        } catch {
            refuse(error)
        }
    }

    func abort() { intake = nil }

    private func refuse(_ failure: S3Failure) {
        intake = nil
        call.fail(failure)
    }
}

/// Keeps a document in memory, up to a bound.
final class DocumentWriter: BytesWriter, StoredBytes {
    /// S3's own bound on CORS rules (S3 API Reference, "PutBucketCors").
    static let smallBytes = 64 << 10
    /// Holds the parts of the largest multipart upload, with checksums.
    static let largeBytes = 4 << 20

    private let limitBytes: Int
    private(set) var bytes: [UInt8] = []

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    var count: Int64 { Int64(bytes.count) }

    func append(_ received: UnsafeRawBufferPointer) throws(S3Failure) {
        guard bytes.count + received.count <= limitBytes else {
            throw S3Failure(
                400, "MaxMessageLengthExceeded", "Your request was too big.",
                ["MaxMessageLengthBytes": "\(limitBytes)"])
        }
        bytes += received
    }

    func finish() -> any StoredBytes { self }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int { -1 }
}
