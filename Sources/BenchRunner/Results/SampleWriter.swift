import Foundation
import Measure
import Synchronization

/// Writes `samples.csv` from a thread of its own. Workers hand over finished blocks of rows and
/// never wait: what the disk cannot take in time is left out and counted, because a worker that
/// waits would put the disk's time into the uploads'.
///
/// `@unchecked Sendable`: `file` and `failure` are touched on `queue` only, or after `finish` has
/// waited for it.
final class SampleWriter: @unchecked Sendable {
    /// How much may wait for the disk: 16 MiB.
    static let maximumBlocksWaiting = 256
    /// Rows are handed over in blocks of about this many bytes.
    static let blockBytes = 64 * 1024

    private let file: ResultFile
    private var failure: ResultsError?
    private let queue = DispatchQueue(label: "samples.csv")
    private let room = DispatchSemaphore(value: maximumBlocksWaiting)
    private let dropped = Atomic<Int>(0)
    private let failed = Atomic<Bool>(false)

    convenience init(path: String, continues: Bool = false) throws(ResultsError) {
        try self.init(try ResultFile(path: path, continues: continues), continues: continues)
    }

    init(_ file: ResultFile, continues: Bool = false) throws(ResultsError) {
        self.file = file
        guard !continues else { return }
        var header = CSVEncoder()
        (Columns.samples + Columns.appendedToSamples).forEach { header.field($0) }
        header.endRow()
        try file.append(header.bytes)
    }

    /// The uploads that the file lacks because the disk was too slow.
    var droppedRows: Int { dropped.load(ordering: .relaxed) }

    /// Called by workers; order between workers is not kept.
    func append(_ block: [UInt8], rows: Int) {
        guard room.wait(timeout: .now()) == .success else {
            dropped.add(rows, ordering: .relaxed)
            return
        }
        queue.async { [self] in
            defer { room.signal() }
            guard failure == nil else { return }
            do throws(ResultsError) {
                try file.append(block)
            } catch {
                failure = error
                failed.store(true, ordering: .relaxed)
            }
        }
    }

    /// The disk took no more: `flush` says why.
    var hasFailed: Bool { failed.load(ordering: .relaxed) }

    /// Waits until all that was handed over is on its way to the disk.
    func flush() throws(ResultsError) {
        queue.sync {}
        if let failure { throw failure }
    }

    func finish() throws(ResultsError) {
        try flush()
        try file.close()
    }
}
