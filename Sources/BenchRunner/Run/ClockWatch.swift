import Foundation
import Measure

/// Notices a wall clock that is set while a run measures. Latencies and lengths do not depend on it;
/// times of the day, and the life of what is signed, do.
struct ClockWatch {
    private var wallSeconds: Double
    private var monotonicSeconds: Double

    /// Beyond both, the clock was set: time services slew it by less (adjtimex(2): 500 in a million).
    private static let leastStepSeconds = 0.5
    private static let slewedShare = 0.001

    init(wall: Double = ClockWatch.wall, monotonic: Double = ClockWatch.monotonic) {
        (wallSeconds, monotonicSeconds) = (wall, monotonic)
    }

    static var wall: Double { Date().timeIntervalSince1970 }
    static var monotonic: Double { Double(monotonicNs()) / 1e9 }

    /// Seconds by which it was set since the last call; nil if it was not.
    mutating func step(
        wall: Double = ClockWatch.wall, monotonic: Double = ClockWatch.monotonic
    ) -> Double? {
        let elapsed = monotonic - monotonicSeconds
        let step = wall - wallSeconds - elapsed
        (wallSeconds, monotonicSeconds) = (wall, monotonic)
        let isStep = abs(step) > max(Self.leastStepSeconds, elapsed * Self.slewedShare)
        return isStep ? step : nil
    }

    static func warning(_ step: Double, during what: String) -> String {
        let amount = String(format: "%+.1f", step)
        return
            "the wall clock was set by \(amount) s during \(what): times of the day are off by as much;"
            + " latencies, rates and lengths are not, as they are of the monotonic clock"
    }
}
