import Presign

/// The buckets of a store. It belongs to the store's thread.
final class ObjectStore {
    let storage: ByteStorage
    private var buckets: [String: Bucket] = [:]
    private let objectLimit: Int?

    init(_ mode: StoreMode) throws(S3Failure) {
        storage = try ByteStorage(mode)
        objectLimit = mode == .discard ? Self.discardedObjectLimit : nil
    }

    /// Of a bucket whose objects' bytes are not kept: about 1 KB each, so that hours of load need no
    /// more than about 100 MB. Reviews come seconds after their uploads.
    static let discardedObjectLimit = 100_000

    var bucketsByName: [Bucket] { buckets.values.sorted { $0.name < $1.name } }

    func contains(_ name: String) -> Bool { buckets[name] != nil }

    func bucket(_ name: String) throws(S3Failure) -> Bucket {
        guard let bucket = buckets[name] else { throw .noSuchBucket(name) }
        return bucket
    }

    @discardableResult
    func add(_ name: String, at time: SigningTime) -> Bucket {
        let bucket = Bucket(name, created: time, objectLimit: objectLimit)
        buckets[name] = bucket
        return bucket
    }

    func remove(_ name: String) { buckets[name] = nil }
}

/// One bucket: its objects, its configuration and the multipart uploads under way.
final class Bucket {
    let name: String
    let created: SigningTime
    var cors: CORSConfiguration?
    /// `Enabled` or `Suspended`; nil when acceleration was never configured.
    var accelerationStatus: String?
    var uploads: [String: MultipartUpload] = [:]
    var completed = CompletedUploads()
    private var objects: [ObjectKey: StoredObject] = [:]
    /// nil when keys came or went since the last listing.
    private var sortedKeys: [ObjectKey]?
    /// Forgets the oldest; nil where all are kept.
    private var arrivals: ArrivalOrder?

    init(_ name: String, created: SigningTime, objectLimit: Int? = nil) {
        self.name = name
        self.created = created
        arrivals = objectLimit.map { ArrivalOrder(limit: $0) }
    }

    var isEmpty: Bool { objects.isEmpty && uploads.isEmpty }

    subscript(key: ObjectKey) -> StoredObject? { objects[key] }

    func put(_ object: StoredObject, at key: ObjectKey) {
        guard objects.updateValue(object, forKey: key) == nil else { return }
        sortedKeys = nil
        if let oldest = arrivals?.add(key) { objects.removeValue(forKey: oldest) }
    }

    func delete(_ key: ObjectKey) {
        if objects.removeValue(forKey: key) != nil { sortedKeys = nil }
    }

    /// All keys in the order of their bytes.
    var keys: [ObjectKey] {
        if let sortedKeys { return sortedKeys }
        let sorted = objects.keys.sorted()
        sortedKeys = sorted
        return sorted
    }

    /// Conditional writes (S3 User Guide, "Conditional writes").
    func checkWriteConditions(_ call: StoreCall, _ key: ObjectKey) throws(S3Failure) {
        if let value = call.header("if-none-match") {
            guard value == "*" else { throw .notImplemented(header: "If-None-Match") }
            guard objects[key] == nil else { throw .preconditionFailed("If-None-Match") }
        }
        if let value = call.header("if-match") {
            guard value != "*" else { throw .notImplemented(header: "If-Match") }
            guard let object = objects[key] else { throw .noSuchKey(key) }
            guard EntityTag.matchesStrongly(value, object.etag) else {
                throw .preconditionFailed("If-Match")
            }
        }
    }
}

/// The keys of a bucket in the order in which they were first put, so many and no more.
private struct ArrivalOrder {
    let limit: Int
    private var keys: [ObjectKey] = []
    private var next = 0

    init(limit: Int) { self.limit = limit }

    /// - Returns: the key whose place it takes.
    mutating func add(_ key: ObjectKey) -> ObjectKey? {
        guard keys.count == limit else {
            keys.append(key)
            return nil
        }
        let oldest = keys[next]
        keys[next] = key
        next = (next + 1) % limit
        return oldest
    }
}

enum EntityTag {
    /// With or without quotes, as clients send it.
    static func bare(_ tag: some StringProtocol) -> String {
        String(decoding: tag.utf8.filter { $0 != 0x22 && $0 != 0x20 }, as: UTF8.self)
    }

    /// `If-Match` (RFC 9110 §13.1.1): a weak tag is never the object's.
    static func matchesStrongly(_ list: String, _ etag: String) -> Bool {
        let wanted = bare(etag)
        return list == "*" || list.split(separator: ",").contains { bare($0) == wanted }
    }

    /// `If-None-Match` (RFC 9110 §13.1.2): `list` is `*` or tags separated by commas.
    static func matches(_ list: String, _ etag: String) -> Bool {
        let wanted = bare(etag)
        return list.split(separator: ",").contains {
            let tag = bare($0)
            return tag == "*" || tag == wanted || tag == "W/\(wanted)"
        }
    }
}
