import Glibc

/// An object's name: bytes, ordered as S3 lists them, never normalised.
struct ObjectKey: Hashable, Comparable {
    let bytes: [UInt8]

    static let limitBytes = 1024

    init(_ bytes: [UInt8]) { self.bytes = bytes }
    init(_ text: String) { bytes = Array(text.utf8) }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    static func == (left: ObjectKey, right: ObjectKey) -> Bool { left.bytes == right.bytes }

    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        let (a, b) = (left.bytes, right.bytes)
        let order = memcmp(a, b, min(a.count, b.count))
        return order == 0 ? a.count < b.count : order < 0
    }
}
