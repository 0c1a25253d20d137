/// A short code for a refusal. A hostile answer cannot put its own text into the results: a code is
/// letters and digits of bounded length.
package enum ErrorCode {
    private static let opening = Array("<Code>".utf8)
    /// Shorter than a signature or a token, which a hostile target could send back as a code.
    private static let longest = 48

    /// Of an S3 error document (`<Error><Code>…</Code>`); `""` where there is none. API Gateway has no codes,
    /// and its sentences stay out: the status says as much.
    package static func find(in body: [UInt8]) -> String {
        guard let start = body.firstRange(of: opening)?.upperBound,
            let end = body[start...].firstIndex(of: UInt8(ascii: "<")), end - start <= longest
        else { return "" }
        let code = body[start..<end]
        guard code.allSatisfy({ isLetterOrDigit($0) }), code.contains(where: { !isHexDigit($0) })
        else { return "" }
        return String(decoding: code, as: UTF8.self)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
