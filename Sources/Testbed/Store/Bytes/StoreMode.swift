import Glibc
import Presign

/// What the store does with the bytes that it is given (`--store`).
package enum StoreMode: Sendable, Equatable {
    /// Objects over the limit, all together, are refused with 507 InsufficientStorage.
    case memory(limitBytes: Int64)
    /// One file per upload or part, named by a hash: a key never becomes a path. The index is in
    /// memory, so that the files mean nothing to a later start.
    case directory(path: String)
    /// Size, checksums and the first bytes only: for pure load.
    case discard
}

/// Makes the writers of a mode.
final class ByteStorage {
    private let mode: StoreMode
    private let budget: MemoryBudget
    private let prefix: String
    private var fileCount: UInt64 = 0

    init(_ mode: StoreMode) throws(S3Failure) {
        self.mode = mode
        if case .memory(let limit) = mode {
            budget = MemoryBudget(limitBytes: limit)
        } else {
            budget = MemoryBudget(limitBytes: .max)
        }
        prefix = Hex.encode((0..<4).map { _ in UInt8.random(in: 0...255) })
        guard case .directory(let path) = mode else { return }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw .storage("make the directory \(path)", String(cString: strerror(errno)))
        }
        guard Self.isOurs(path) else {
            throw .storage(
                "use the directory \(path)",
                "other users may write into it; chmod o-w it, or name another")
        }
    }

    /// Who may write into a directory may replace a file in it, unless the directory is sticky.
    private static func isOurs(_ path: String) -> Bool {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR else { return true }
        let isOpen = facts.st_mode & S_IWOTH != 0 && facts.st_mode & S_ISVTX == 0
        return !isOpen && [geteuid(), 0].contains(facts.st_uid)
    }

    /// Refuses at once what cannot fit, before the client sends it.
    ///
    /// - Parameter expectedBytes: nil when unknown.
    func makeWriter(
        bucket: String, key: ObjectKey, expectedBytes: Int64?
    ) throws(S3Failure) -> any BytesWriter {
        switch mode {
        case .memory:
            if let expectedBytes { try budget.checkRoom(for: expectedBytes) }
            return MemoryWriter(budget, expectedBytes: expectedBytes)
        case .directory(let path):
            fileCount += 1
            let hash = SHA256.digest(Array("\(bucket)/".utf8) + key.bytes).hex
            return try FileWriter(path: "\(path)/\(hash)-\(prefix)-\(fileCount)")
        case .discard: return DiscardingWriter()
        }
    }
}
