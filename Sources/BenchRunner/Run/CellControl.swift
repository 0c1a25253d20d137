import Measure
import Synchronization

/// When a cell's uploads may start, and what its workers tell the progress line. Made once per
/// cell and shared by its workers.
final class CellControl: Sendable {
    let startNs: Int64
    /// Uploads that start before this are warm-up and do not count.
    let measureFromNs: Int64
    /// No upload starts after this, nil: the count ends the cell.
    let lastStartNs: Int64?
    /// Uploads per worker that count, nil: the time ends the cell.
    let uploadsPerWorker: [Int]?

    /// What lies in it counts for the rate.
    var window: ClosedRange<Int64> { measureFromNs...(lastStartNs ?? .max) }

    private let ended = Atomic<Int>(0)
    private let failed = Atomic<Int>(0)
    private let bytes = Atomic<Int64>(0)

    init(_ plan: RunPlan, _ cell: Cell, startNs: Int64) {
        self.startNs = startNs
        measureFromNs = startNs + plan.warmup(of: cell).wholeNanoseconds
        switch plan.extent(of: cell) {
        case .duration(let duration):
            lastStartNs = measureFromNs + duration.wholeNanoseconds
            uploadsPerWorker = nil
        case .uploads(let total):
            lastStartNs = nil
            uploadsPerWorker = (0..<plan.threads).map {
                total / plan.threads + ($0 < total % plan.threads ? 1 : 0)
            }
        }
    }

    /// Called by workers a few times per second with what came since the last call.
    func report(ended newlyEnded: Int, failed newlyFailed: Int, bytes newBytes: Int64) {
        ended.add(newlyEnded, ordering: .relaxed)
        failed.add(newlyFailed, ordering: .relaxed)
        bytes.add(newBytes, ordering: .relaxed)
    }

    var progress: (ended: Int, failed: Int, bytes: Int64) {
        (
            ended.load(ordering: .relaxed), failed.load(ordering: .relaxed),
            bytes.load(ordering: .relaxed)
        )
    }
}

extension Duration {
    /// Saturates at the ends of Int64.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product + attoseconds / 1_000_000_000
    }

    var inSeconds: Double { Double(wholeNanoseconds) / 1e9 }
}
