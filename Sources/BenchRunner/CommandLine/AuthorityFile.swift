/// `--cacert FILE`: looked at before libcurl and OpenSSL open it, which wait for a pipe's writer and
/// say little of what is no certificate.
enum AuthorityFile {
    private static let limitBytes = 16 << 20
    private static let mark = Array("-----BEGIN ".utf8)

    /// - Throws: a usage error for what is no PEM file.
    static func check(_ path: String) throws(CommandError) {
        let bytes: [UInt8]
        do throws(InputFile.Failure) {
            bytes = try InputFile.read(path, isRegular: true, limit: limitBytes)
        } catch {
            throw .usage("--cacert: '\(path)' \(error.reason)")
        }
        guard bytes.firstRange(of: mark) != nil else {
            throw .usage("--cacert: '\(path)' holds no certificate in PEM")
        }
    }
}
