import Foundation
import Measure

/// Says on standard error how far a run is: one line that changes on a terminal, one line per
/// cell elsewhere, nothing when quiet.
final class ProgressDisplay {
    private let isQuiet: Bool
    private let isInteractive = Terminal.isInteractive
    private let cellCount: Int
    private let doneBefore: Int
    private var finishedCells = 0
    private let runStartNs = monotonicNs()
    private var lastShownNs: Int64 = 0
    private static let intervalNs: Int64 = 200_000_000

    /// - Parameter doneBefore: cells of a run that goes on.
    init(cellCount: Int, doneBefore: Int = 0, isQuiet: Bool) {
        self.doneBefore = doneBefore
        self.cellCount = cellCount
        self.isQuiet = isQuiet
    }

    func note(_ line: String) {
        guard !isQuiet else { return }
        clear()
        Terminal.writeError(line)
    }

    /// Replaces the changing line; nothing where there is no terminal.
    func show(_ line: String) {
        guard !isQuiet, isInteractive else { return }
        Terminal.rewriteLine(String(line.prefix(Terminal.width - 1)))
    }

    /// A line of its own where there is no terminal.
    func line(_ line: String) {
        if !isQuiet, !isInteractive { Terminal.writeError(line) }
    }

    /// To be called often while a cell runs.
    func update(_ cell: Cell, _ control: CellControl) {
        let now = monotonicNs()
        guard !isQuiet, isInteractive, now - lastShownNs >= Self.intervalNs else { return }
        lastShownNs = now
        let seconds = Double(now - control.startNs) / 1e9
        let progress = control.progress
        // What matters most comes first: a narrow terminal cuts the rest off.
        let rate = Readable.number(Double(progress.ended) / max(seconds, 0.001)) + "/s"
        var parts = [
            "[\(doneBefore + finishedCells + 1)/\(cellCount)]", cell.title,
            now < control.measureFromNs ? "warming up" : rate,
            control.p99Us.map { "p99 " + Readable.microseconds(Double($0)) } ?? "p99 –",
            "\(progress.failed) errors",
        ]
        if let left = secondsLeft(now, control) { parts.append("\(Int(left.rounded())) s left") }
        if control.load.open != nil {
            parts.append("\(control.inFlight) in flight")
            if progress.overflowed > 0 { parts.append("\(progress.overflowed) overflow") }
        }
        parts += [
            Readable.number(Double(progress.bytes) / 1_048_576 / max(seconds, 0.001)) + " MiB/s",
            "\(progress.ended) uploads",
        ]
        Terminal.rewriteLine(String(parts.joined(separator: "  ").prefix(Terminal.width - 1)))
    }

    func finished(_ result: CellResult) {
        finishedCells += 1
        guard !isQuiet, !isInteractive else { return }
        let measurements = result.measurements
        let p50 = measurements[.response].valueUs(atPercentile: 50).map {
            "p50 " + Readable.microseconds(Double($0))
        }
        let overflow = measurements.overflow > 0 ? "\(measurements.overflow) overflow" : nil
        let line = [
            "[\(doneBefore + finishedCells)/\(cellCount)]", result.cell.title,
            "\(measurements.uploads) uploads, \(measurements.errors) errors", overflow,
            p50 ?? "no success",
        ].compactMap { $0 }
        Terminal.writeError(line.joined(separator: "  "))
    }

    /// Removes the changing line before something else is printed.
    func clear() {
        if !isQuiet, isInteractive { Terminal.rewriteLine("") }
    }

    /// From the cells that are done, as all are planned to last equally long; before, from the plan.
    private func secondsLeft(_ now: Int64, _ control: CellControl) -> Double? {
        let cells = Double(cellCount - doneBefore)
        guard finishedCells > 0 else {
            guard let length = control.load.lengthNs else { return nil }
            return max(0, Double(length) * cells - Double(now - control.startNs)) / 1e9
        }
        let elapsed = Double(now - runStartNs) / 1e9
        return max(0, elapsed / Double(finishedCells) * cells - elapsed)
    }
}
