import COpenSSL

/// SHA-1, for names of files that others chose by it; nothing is secured with it.
package enum SHA1 {
    /// 40 lower-case hex digits.
    package static func hex(_ bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: 20)
        EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha1(), nil)
        return Hex.encode(digest)
    }
}
