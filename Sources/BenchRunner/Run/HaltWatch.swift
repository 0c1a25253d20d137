import Foundation
import Measure

/// Tells a process that was stopped (SIGSTOP) and stays so from one that is only slow: it is looked at
/// twice a second, and must be found stopped every time.
struct HaltWatch {
    private var nextLookNs: Int64 = 0
    private var timesStopped = 0
    private static let intervalNs: Int64 = 500_000_000
    /// Five seconds.
    private static let timesUntilHalted = 10

    mutating func isHalted(
        _ process: pid_t, nowNs: Int64 = monotonicNs(),
        state: (pid_t) -> Character? = HaltWatch.state
    ) -> Bool {
        guard timesStopped < Self.timesUntilHalted else { return true }
        guard nowNs >= nextLookNs else { return false }
        nextLookNs = nowNs + Self.intervalNs
        timesStopped = state(process) == "T" ? timesStopped + 1 : 0
        return timesStopped >= Self.timesUntilHalted
    }

    /// The letter that follows the name in brackets (proc_pid_stat(5)).
    static func state(_ process: pid_t) -> Character? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let bracket = text.lastIndex(of: ")")
        else { return nil }
        return text[text.index(after: bracket)...].first { $0 != " " }
    }
}
