import Glibc

/// An object's name: bytes, ordered as S3 lists them, never normalised.
struct ObjectKey: Hashable, Comparable {
    let bytes: [UInt8]

    static let limitBytes = 1024

    init(_ bytes: [UInt8]) { self.bytes = bytes }
    init(_ text: String) { bytes = Array(text.utf8) }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    func check() throws(S3Failure) {
        guard bytes.count <= Self.limitBytes else { throw .keyTooLong(bytes.count) }
        guard isAllowed else { throw .invalidURI }
    }

    /// Keys are UTF-8, and going from left to right their `..` never outnumber the real elements (S3 User
    /// Guide, "Naming Amazon S3 objects").
    private var isAllowed: Bool {
        var depth = 0
        for element in bytes.split(separator: UInt8(ascii: "/")) {
            if element.elementsEqual("..".utf8) {
                depth -= 1
                if depth < 0 { return false }
            } else if !element.elementsEqual(".".utf8) {
                depth += 1
            }
        }
        return String(validating: bytes, as: UTF8.self) != nil
    }

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
