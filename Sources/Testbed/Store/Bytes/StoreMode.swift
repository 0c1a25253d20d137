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
    /// nil where no files are written.
    private let directory: FileDirectory?
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
        if case .directory(let path) = mode {
            directory = try FileDirectory(path: path)
        } else {
            directory = nil
        }
    }

    /// Refuses at once what cannot fit, before the client sends it.
    ///
    /// - Parameter expectedBytes: nil when unknown.
    func makeWriter(
        bucket: String, key: ObjectKey, expectedBytes: Int64?
    ) throws(S3Failure) -> any BytesWriter {
        if let directory {
            fileCount += 1
            let hash = SHA256.digest(Array("\(bucket)/".utf8) + key.bytes).hex
            return try FileWriter(directory, name: "\(hash)-\(prefix)-\(fileCount)")
        }
        if mode == .discard { return DiscardingWriter() }
        if let expectedBytes { try budget.checkRoom(for: expectedBytes) }
        return MemoryWriter(budget, expectedBytes: expectedBytes)
    }
}
