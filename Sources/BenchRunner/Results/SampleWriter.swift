import Foundation
import Measure
import Synchronization

/// Writes `samples.csv` from a thread of its own. Workers hand over finished blocks of rows.
///
/// `@unchecked Sendable`: `file` and `failure` are touched on `queue` only, or after `finish` has
/// waited for it.
final class SampleWriter: @unchecked Sendable {
    /// How much may wait for the disk; beyond it a worker waits too, and `stalls` says so.
    private static let maximumBlocksWaiting = 256
    /// Rows are handed over in blocks of about this many bytes.
    static let blockBytes = 64 * 1024

    private let file: ResultFile
    private var failure: ResultsError?
    private let queue = DispatchQueue(label: "samples.csv")
    private let room = DispatchSemaphore(value: maximumBlocksWaiting)
    private let stallCount = Atomic<Int>(0)

    init(path: String) throws(ResultsError) {
        file = try ResultFile(path: path)
        var header = CSVEncoder()
        Columns.samples.forEach { header.field($0) }
        header.endRow()
        try file.append(header.bytes)
    }

    /// How often a worker had to wait for the disk: such a run's latencies are not to be trusted.
    var stalls: Int { stallCount.load(ordering: .relaxed) }

    /// Called by workers; order between workers is not kept.
    func append(_ block: [UInt8]) {
        if room.wait(timeout: .now()) == .timedOut {
            stallCount.add(1, ordering: .relaxed)
            room.wait()
        }
        queue.async { [self] in
            defer { room.signal() }
            guard failure == nil else { return }
            do throws(ResultsError) {
                try file.append(block)
            } catch {
                failure = error
            }
        }
    }

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
