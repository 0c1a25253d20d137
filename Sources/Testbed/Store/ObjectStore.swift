/// An object's name: bytes, ordered as S3 lists them, never normalised.
struct ObjectKey: Hashable, Comparable {
    let bytes: [UInt8]

    static let limitBytes = 1024

    init(_ bytes: [UInt8]) { self.bytes = bytes }
    init(_ text: String) { bytes = Array(text.utf8) }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

/// Everything of an object but its bytes.
struct ObjectRecord {
    let sizeBytes: Int64
    /// With its quotes.
    let etag: String
    let contentType: String
    /// `Cache-Control` and such, and `x-amz-meta-*`, as they were given.
    let headers: [(name: String, value: String)]
    let lastModified: Int64
    let content: ObjectContent
}

/// The bytes that are kept: all of them, or the first ones.
final class ObjectContent {
    private(set) var pieces: [[UInt8]] = []
    private(set) var keptBytes: Int64 = 0

    /// A copy of the bytes, in pieces of the size they came in: nothing is moved as it grows.
    func append(_ bytes: UnsafeRawBufferPointer) {
        pieces.append([UInt8](bytes))
        keptBytes += Int64(bytes.count)
    }
}

/// What the store does with the bytes that it is given.
package enum StoreMode: Sendable, Equatable {
    case memory(limitBytes: Int64)
    /// Size, checksum and the first bytes only: for load that must not fill the memory.
    case discard
}

/// One bucket's objects. It belongs to the store's thread.
final class ObjectStore {
    private let mode: StoreMode
    private var objects: [ObjectKey: ObjectRecord] = [:]
    private(set) var keptBytes: Int64 = 0

    /// What `discard` keeps of each object, so that its type can still be looked at.
    static let keptPrefixBytes: Int64 = 512

    init(mode: StoreMode) { self.mode = mode }

    func object(_ key: ObjectKey) -> ObjectRecord? { objects[key] }

    /// In the order of their keys' bytes.
    func keys(prefix: [UInt8]) -> [ObjectKey] {
        objects.keys.filter { $0.bytes.starts(with: prefix) }.sorted()
    }

    func put(_ record: ObjectRecord, at key: ObjectKey) {
        release(objects.updateValue(record, forKey: key))
    }

    func delete(_ key: ObjectKey) { release(objects.removeValue(forKey: key)) }

    /// Keeps as much of the bytes as the mode says.
    func keep(_ bytes: UnsafeRawBufferPointer, in content: ObjectContent) throws(S3Failure) {
        switch mode {
        case .discard:
            let room = Self.keptPrefixBytes - content.keptBytes
            guard room > 0 else { return }
            content.append(UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(room))))
        case .memory(let limit):
            guard keptBytes + Int64(bytes.count) <= limit else {
                throw .storeFull(limitBytes: limit)
            }
            content.append(bytes)
            keptBytes += Int64(bytes.count)
        }
    }

    /// Forgets bytes that were kept for an object that did not come to be.
    func forget(_ content: ObjectContent) {
        if case .memory = mode { keptBytes -= content.keptBytes }
    }

    private func release(_ record: ObjectRecord?) {
        if let record { forget(record.content) }
    }
}
