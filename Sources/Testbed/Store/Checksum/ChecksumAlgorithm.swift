import COpenSSL
import Presign

/// The checksums that S3 takes and keeps (S3 User Guide, "Checking object integrity"), but those of the
/// xxHash family, which nothing here computes.
enum ChecksumAlgorithm: String, CaseIterable {
    case crc32 = "CRC32"
    case crc32c = "CRC32C"
    case crc64nvme = "CRC64NVME"
    case sha1 = "SHA1"
    case sha256 = "SHA256"
    case sha512 = "SHA512"
    case md5 = "MD5"

    /// S3's, but not this store's.
    private static let others: Set<String> = ["XXHASH64", "XXHASH3", "XXHASH128"]

    init?(name: String) { self.init(rawValue: name.uppercased()) }

    /// What a field names.
    ///
    /// - Parameters:
    ///   - field: the field's name.
    ///   - refusal: what S3 says of a name that it does not know.
    init(name: String, field: String, refusal: S3Failure) throws(S3Failure) {
        guard let algorithm = Self(name: name) else {
            throw Self.others.contains(name.uppercased())
                ? .notImplemented(header: field) : refusal
        }
        self = algorithm
    }

    static let unsupported = S3Failure.invalidRequest(
        "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, MD5, SHA1, SHA256, SHA512]"
    )

    var headerName: String { "x-amz-checksum-\(rawValue.lowercased())" }
    /// The element's name in documents.
    var elementName: String { "Checksum\(rawValue)" }

    var valueBytes: Int {
        switch self {
        case .crc32, .crc32c: 4
        case .crc64nvme: 8
        case .sha1: 20
        case .sha256: 32
        case .sha512: 64
        case .md5: 16
        }
    }

    /// Digests of parts cannot be combined into that of the whole; CRC64NVME never is a sum of sums.
    /// For SHA-512 and MD5 that follows from what they are: no answer of S3's was seen.
    func allows(_ kind: ChecksumKind) -> Bool {
        switch (self, kind) {
        case (.sha1, .fullObject), (.sha256, .fullObject), (.sha512, .fullObject),
            (.md5, .fullObject), (.crc64nvme, .composite):
            false
        default: true
        }
    }

    var defaultKind: ChecksumKind { self == .crc64nvme ? .fullObject : .composite }

    func makeState() -> any ChecksumState {
        switch self {
        case .crc32: CRC32State(CRCTables.crc32)
        case .crc32c: CRC32State(CRCTables.crc32c)
        case .crc64nvme: CRC64State(CRCTables.crc64nvme)
        case .sha1: SHA1State()
        case .sha256: SHA256State()
        case .sha512: SHA512State()
        case .md5: MD5State()
        }
    }

    /// The checksum of parts in a row; nil for those that cannot be combined.
    func combined(_ parts: [(value: [UInt8], sizeBytes: Int64)]) -> [UInt8]? {
        switch self {
        case .crc32: combined(parts, CRCTables.crc32)
        case .crc32c: combined(parts, CRCTables.crc32c)
        case .crc64nvme: combined(parts, CRCTables.crc64nvme)
        case .sha1, .sha256, .sha512, .md5: nil
        }
    }

    private func combined<Word: FixedWidthInteger & UnsignedInteger & Sendable>(
        _ parts: [(value: [UInt8], sizeBytes: Int64)], _ table: CRCTable<Word>
    ) -> [UInt8] {
        let sum = parts.reduce(Word(0)) { sum, part in
            let value = part.value.reduce(Word(0)) { $0 << 8 | Word($1) }
            return table.combine(sum, value, secondBytes: part.sizeBytes)
        }
        return bigEndianBytes(sum)
    }
}

/// What a checksum of a multipart upload is of: the whole object, or the parts' checksums.
enum ChecksumKind: String {
    case fullObject = "FULL_OBJECT"
    case composite = "COMPOSITE"
}

/// An object's or a part's checksum as headers and documents have it.
struct ObjectChecksum: Equatable {
    let algorithm: ChecksumAlgorithm
    /// Base64; a composite one ends in `-` and the number of parts.
    let text: String
    let kind: ChecksumKind

    init(_ algorithm: ChecksumAlgorithm, _ value: [UInt8]) {
        self.algorithm = algorithm
        text = Base64.encode(value)
        kind = .fullObject
    }

    init(_ algorithm: ChecksumAlgorithm, composite parts: [[UInt8]]) {
        self.algorithm = algorithm
        let state = algorithm.makeState()
        for part in parts { part.withUnsafeBytes { state.update($0) } }
        text = "\(Base64.encode(state.value))-\(parts.count)"
        kind = .composite
    }

    var headers: [(name: String, value: String)] {
        [(algorithm.headerName, text), ("x-amz-checksum-type", kind.rawValue)]
    }
}

/// A checksum under way.
protocol ChecksumState: AnyObject {
    func update(_ bytes: UnsafeRawBufferPointer)
    /// Of all bytes so far, most significant first.
    var value: [UInt8] { get }
}

// Two classes instead of a generic one: methods of generic classes are called unspecialised, at
// a tenth of the speed.
private final class CRC32State: ChecksumState {
    private let table: CRCTable<UInt32>
    private var crc = UInt32.max

    init(_ table: CRCTable<UInt32>) { self.table = table }

    func update(_ bytes: UnsafeRawBufferPointer) { crc = table.update(crc, bytes) }
    var value: [UInt8] { bigEndianBytes(~crc) }
}

private final class CRC64State: ChecksumState {
    private let table: CRCTable<UInt64>
    private var crc = UInt64.max

    init(_ table: CRCTable<UInt64>) { self.table = table }

    func update(_ bytes: UnsafeRawBufferPointer) { crc = table.update(crc, bytes) }
    var value: [UInt8] { bigEndianBytes(~crc) }
}

private final class SHA256State: ChecksumState {
    private var hash = SHA256()

    func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bytes) }
    var value: [UInt8] { hash.digest().bytes }
}

private final class SHA1State: ChecksumState {
    private var context = SHA_CTX()

    init() { SHA1_Init(&context) }

    func update(_ bytes: UnsafeRawBufferPointer) {
        SHA1_Update(&context, bytes.baseAddress, bytes.count)
    }

    var value: [UInt8] {
        var context = context
        return [UInt8](unsafeUninitializedCapacity: 20) { buffer, count in
            SHA1_Final(buffer.baseAddress, &context)
            count = 20
        }
    }
}

private final class SHA512State: ChecksumState {
    private var context = SHA512_CTX()

    init() { SHA512_Init(&context) }

    func update(_ bytes: UnsafeRawBufferPointer) {
        SHA512_Update(&context, bytes.baseAddress, bytes.count)
    }

    var value: [UInt8] {
        var context = context
        return [UInt8](unsafeUninitializedCapacity: 64) { buffer, count in
            SHA512_Final(buffer.baseAddress, &context)
            count = 64
        }
    }
}

private final class MD5State: ChecksumState {
    private var hash = MD5()

    func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bytes) }
    var value: [UInt8] { hash.digest() }
}

/// MD5 (RFC 1321), which entity tags are made of.
struct MD5 {
    private var context = MD5_CTX()

    init() { MD5_Init(&context) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        MD5_Update(&context, bytes.baseAddress, bytes.count)
    }

    func digest() -> [UInt8] {
        var context = context
        return [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            MD5_Final(buffer.baseAddress, &context)
            count = 16
        }
    }

    static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var hash = MD5()
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.digest()
    }
}

private func bigEndianBytes<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
    withUnsafeBytes(of: word.bigEndian) { Array($0) }
}
