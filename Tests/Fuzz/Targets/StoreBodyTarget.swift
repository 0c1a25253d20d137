import NetIO
import Presign

@testable import Testbed

/// What the store takes apart besides forms: aws-chunked bodies, and XML documents where the input
/// begins with `<`.
enum StoreBodyTarget {
    static func run(_ input: [UInt8]) throws {
        if input.first == UInt8(ascii: "<") { return try runDocument(input) }
        let pieces = Pieces(input)
        var first: Trace?
        for arrival in pieces.arrivals() {
            let trace = decode(pieces.data, arrival)
            try expect(trace.data.count <= pieces.data.count, "more data than body")
            guard let first else {
                first = trace
                continue
            }
            try expect(trace == first, "cut in \(arrival.count): \(trace), at once: \(first)")
        }
        try checkSigned(pieces.data)
    }

    private struct Trace: Equatable {
        var data: [UInt8] = []
        var trailers: [String] = []
        var isComplete = false
        var isRefused = false
    }

    private static func decode(
        _ data: [UInt8], _ arrival: [Range<Int>], verifier: ChunkSignatureVerifier? = nil
    ) -> Trace {
        var decoder = AWSChunkedDecoder(verifier: verifier, hasTrailer: true)
        var trace = Trace()
        for range in arrival {
            data.withExactBytes(range) { bytes in
                do throws(S3Failure) {
                    try decoder.decode(bytes) { (run) throws(S3Failure) in trace.data += run }
                } catch {
                    trace.isRefused = true
                }
            }
            if trace.isRefused { return Trace(isRefused: true) }
        }
        trace.trailers = decoder.trailers.map { "\($0.name):\($0.value)" }
        do throws(S3Failure) {
            try decoder.checkComplete()
            trace.isComplete = true
        } catch {}
        return trace
    }

    /// Nobody signed the input: no chunk of it may be taken for whole.
    private static func checkSigned(_ data: [UInt8]) throws {
        let key = SigningKey(
            secretKey: "signed no input", scope: CredentialScope(date: "20260410", region: "x"))
        let verifier = ChunkSignatureVerifier(
            key: key, accessKey: "AK", amzDate: "20260410T000000Z", seed: "")
        let trace = decode(data, [0..<data.count], verifier: verifier)
        try expect(!trace.isComplete, "unsigned chunks are complete")
    }

    private static func runDocument(_ input: [UInt8]) throws {
        let root: XMLElement
        do throws(S3Failure) { root = try XMLReader.read(input) } catch {
            return try expect(error.status == 400, "status \(error.status)")
        }
        let textBytes = textBytes(root)
        try expect(textBytes <= input.count, "\(textBytes) bytes of text")
        try checkRules(root)
    }

    /// Rules that are taken are written so that they are taken again.
    private static func checkRules(_ root: XMLElement) throws {
        let configuration: CORSConfiguration
        do throws(S3Failure) { configuration = try CORSConfiguration(root) } catch { return }
        var xml = XMLWriter()
        xml.element("CORSConfiguration") { configuration.write(to: &$0) }
        let again = try CORSConfiguration(XMLReader.read(xml.bytes))
        try expect(again.rules.count == configuration.rules.count, "rules are lost")
    }

    private static func textBytes(_ element: XMLElement) -> Int {
        element.children.reduce(element.text.count) { $0 + textBytes($1) }
    }
}
