/// The canonical request of Signature Version 4 as S3 builds it: the path encoded once and not
/// normalised, the query sorted by encoded name and value.
struct CanonicalRequest {
    let bytes: [UInt8]
    let signedHeaders: String

    /// - Parameters:
    ///   - path: percent-encoded, with its leading slash.
    ///   - query: encoded pairs in any order.
    init(
        method: String, path: [UInt8], query: [EncodedPair], headers: CanonicalHeaders,
        payload: String
    ) {
        signedHeaders = headers.names
        var bytes = Array("\(method)\n".utf8)
        bytes += path
        bytes.append(0x0A)
        bytes += Self.join(query.sorted())
        bytes.append(0x0A)
        bytes += headers.lines
        bytes += Array("\n\(headers.names)\n\(payload)".utf8)
        self.bytes = bytes
    }

    static func join(_ pairs: [EncodedPair]) -> [UInt8] {
        Array(pairs.map { $0.name + [UInt8(ascii: "=")] + $0.value }.joined(separator: [0x26]))
    }
}

/// A query parameter, name and value percent-encoded.
struct EncodedPair: Comparable {
    let name: [UInt8]
    let value: [UInt8]

    init(_ name: String, _ value: String) {
        self.name = PercentEncoding.encode(Array(name.utf8))
        self.value = PercentEncoding.encode(Array(value.utf8))
    }

    /// From the wire: decoded and encoded again, so that lower-case or needless escapes count as
    /// what they mean.
    init(wire: some Collection<UInt8>) {
        let halves = wire.split(
            separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        let name = halves.first.map { PercentEncoding.decode($0, plusIsSpace: true) } ?? []
        let value =
            halves.count > 1 ? PercentEncoding.decode(halves[1], plusIsSpace: true) : []
        self.name = PercentEncoding.encode(name)
        self.value = PercentEncoding.encode(value)
    }

    static func < (a: EncodedPair, b: EncodedPair) -> Bool {
        a.name == b.name
            ? a.value.lexicographicallyPrecedes(b.value)
            : a.name.lexicographicallyPrecedes(b.name)
    }
}

/// Header lines and the list of signed names.
struct CanonicalHeaders {
    private(set) var lines: [UInt8] = []
    let names: String

    /// All the given headers, repeated ones joined by commas in order of arrival.
    init(_ headers: [NameValue]) {
        var values: [String: [String]] = [:]
        for (name, value) in headers {
            values[name.lowercased(), default: []].append(Self.collapsed(value))
        }
        let sorted = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        names = sorted.map(\.key).joined(separator: ";")
        for (name, values) in sorted {
            lines += Array("\(name):\(values.joined(separator: ","))\n".utf8)
        }
    }

    /// The request's headers that a signature names. A name the request lacks has no line, so
    /// that a missing header never equals an empty one; one that is named again has none again, so that
    /// the lines are never more than the request.
    init(named signedHeaders: String, in headers: [NameValue]) {
        names = signedHeaders
        var values: [String: [String]] = [:]
        for (name, value) in headers { values[name.lowercased(), default: []].append(value) }
        for name in signedHeaders.split(separator: ";").map(String.init) {
            guard let given = values.removeValue(forKey: name) else { continue }
            let value = given.map(Self.collapsed).joined(separator: ",")
            lines += Array("\(name):\(value)\n".utf8)
        }
    }

    /// Trimmed, inner runs of white space to one space.
    static func collapsed(_ value: String) -> String {
        var result: [UInt8] = []
        var pendingSpace = false
        for byte in value.utf8 {
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                pendingSpace = !result.isEmpty
            } else {
                if pendingSpace { result.append(0x20) }
                pendingSpace = false
                result.append(byte)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}

/// `AWS4-HMAC-SHA256`, the time, the scope and the hash of the canonical request, one a line.
func stringToSign(
    _ canonicalRequest: [UInt8], at amzDate: String, scope: CredentialScope
) -> [UInt8] {
    let hash = SHA256.digest(canonicalRequest).hex
    return Array("\(signingAlgorithm)\n\(amzDate)\n\(scope)\n\(hash)".utf8)
}

let signingAlgorithm = "AWS4-HMAC-SHA256"
let unsignedPayload = "UNSIGNED-PAYLOAD"
