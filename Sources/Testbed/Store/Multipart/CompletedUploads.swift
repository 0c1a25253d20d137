import Presign

/// Completions that were carried out. S3 answers one that is sent again, because its answer was lost,
/// as it did the first time (seen at AWS, and reported where other servers do not: minio/minio#13318,
/// adobe/S3Mock#2586).
struct CompletedUploads {
    private struct Entry {
        let key: ObjectKey
        let documentMD5: [UInt8]
        let etag: String
    }

    private var entries: [String: Entry] = [:]
    private var ids: [String] = []
    private var oldest = 0

    /// Of a bucket; older ones are forgotten. Who lost an answer asks again within seconds.
    static let limit = 10_000

    mutating func add(_ id: String, at key: ObjectKey, document: [UInt8], etag: String) {
        entries[id] = Entry(key: key, documentMD5: MD5.digest(document), etag: etag)
        guard ids.count == Self.limit else { return ids.append(id) }
        entries[ids[oldest]] = nil
        ids[oldest] = id
        oldest = (oldest + 1) % Self.limit
    }

    func contains(_ id: String, at key: ObjectKey) -> Bool { entries[id]?.key == key }

    /// Did this document make this object?
    func isRepetition(_ id: String, document: [UInt8], of object: StoredObject) -> Bool {
        guard let entry = entries[id] else { return false }
        return entry.etag == object.etag && entry.documentMD5 == MD5.digest(document)
    }
}
