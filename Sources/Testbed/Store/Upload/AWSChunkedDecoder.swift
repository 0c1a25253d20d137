import NetIO
import Presign

/// Takes a body out of its aws-chunked framing as it arrives, and checks the chunks' signatures
/// (S3 API Reference, "Transferring Payload in Multiple Chunks").
struct AWSChunkedDecoder {
    private enum State {
        case size
        case data
        case dataEnd
        case trailers
        case complete
    }

    /// Of one line: a size with its signature, or a trailer.
    private static let lineLimitBytes = 1024
    private static let trailerCountLimit = 8
    private static let malformed = S3Failure(
        400, "InvalidRequest", "The aws-chunked framing of the body is not well-formed.")

    private var state = State.size
    private var line: [UInt8] = []
    private var chunkLeft: Int64 = 0
    private var chunkSignature = ""
    private var verifier: ChunkSignatureVerifier?
    private let hasSignedTrailer: Bool
    private(set) var trailers: [NameValue] = []

    /// - Parameter verifier: nil for unsigned chunks.
    init(verifier: ChunkSignatureVerifier?, hasTrailer: Bool) {
        self.verifier = verifier
        hasSignedTrailer = verifier != nil && hasTrailer
    }

    /// Repeated ones count as one value, as fields do.
    func trailer(_ name: String) -> String? { trailers.joinedValue(name) }

    /// - Parameter output: gets the data; valid during the call only.
    mutating func decode(
        _ bytes: UnsafeRawBufferPointer,
        _ output: (UnsafeRawBufferPointer) throws(S3Failure) -> Void
    ) throws(S3Failure) {
        var rest = bytes
        while rest.count > 0, state != .complete {
            if state == .data {
                let data = rest.slice(0..<Int(min(chunkLeft, Int64(rest.count))))
                verifier?.update(data)
                try output(data)
                chunkLeft -= Int64(data.count)
                if chunkLeft == 0 { state = .dataEnd }
                rest = rest.slice(data.count..<rest.count)
                continue
            }
            let end = rest.offset(of: 0x0A) ?? rest.count
            line += rest.slice(0..<end)
            guard line.count <= Self.lineLimitBytes else { throw Self.malformed }
            guard end < rest.count else { return }
            rest = rest.slice((end + 1)..<rest.count)
            if line.last == 0x0D { line.removeLast() }
            try takeLine()
            line.removeAll(keepingCapacity: true)
        }
        // Some clients end the body with one line end too many; anything else was never signed.
        guard rest.allSatisfy({ $0 == 0x0D || $0 == 0x0A }) else { throw Self.malformed }
    }

    /// Some clients leave the last empty line out.
    func checkComplete() throws(S3Failure) {
        guard state == .complete || (state == .trailers && line.isEmpty && !hasSignedTrailer)
        else { throw .incompleteBody }
    }

    private mutating func takeLine() throws(S3Failure) {
        switch state {
        case .size: try takeSize()
        case .dataEnd:
            guard line.isEmpty else { throw Self.malformed }
            try checkChunk()
            state = .size
        case .trailers: try takeTrailer()
        case .data, .complete: break
        }
    }

    private mutating func takeSize() throws(S3Failure) {
        let text = String(decoding: line, as: UTF8.self)
        let parts = text.split(separator: ";", maxSplits: 1)
        guard let digits = parts.first, digits.utf8.count <= 15,
            digits.utf8.first.map(isDigitOrLetter) == true, let size = Int64(digits, radix: 16)
        else { throw Self.malformed }
        let mark = "chunk-signature="
        if parts.count > 1, parts[1].hasPrefix(mark) {
            chunkSignature = String(parts[1].dropFirst(mark.count))
        } else if verifier != nil {
            throw Self.malformed
        }
        chunkLeft = size
        state = .data
        guard size == 0 else { return }
        try checkChunk()
        state = .trailers
    }

    private mutating func checkChunk() throws(S3Failure) {
        do throws(SignatureFailure) {
            try verifier?.endChunk(signature: chunkSignature)
        } catch {
            throw S3Failure(error)
        }
    }

    /// Not a sign, which `Int64` would take.
    private func isDigitOrLetter(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x66).contains(byte | 0x20)
    }

    private mutating func takeTrailer() throws(S3Failure) {
        guard !line.isEmpty else {
            guard !hasSignedTrailer || trailer("x-amz-trailer-signature") != nil else {
                throw Self.malformed
            }
            state = .complete
            return
        }
        // The signature is the last: what follows it is not covered by it.
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
            trailers.count < Self.trailerCountLimit, trailer("x-amz-trailer-signature") == nil
        else { throw Self.malformed }
        let name = String(decoding: line[..<colon], as: UTF8.self)
        let value = line[(colon + 1)...].drop { $0 == 0x20 }
        let text = String(decoding: value, as: UTF8.self)
        if name.equalsIgnoringCase("x-amz-trailer-signature") {
            try checkTrailers(signature: text)
        }
        trailers.append((name, text))
    }

    private mutating func checkTrailers(signature: String) throws(S3Failure) {
        do throws(SignatureFailure) {
            try verifier?.checkTrailer(trailers, signature: signature)
        } catch {
            throw S3Failure(error)
        }
    }
}
