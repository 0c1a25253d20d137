/// An objective as a search tests it: at most a share of the uploads may miss it.
///
/// `p99 < 300ms` is met when at most 1% of the uploads take longer than 300 ms.
struct ShareObjective: Sendable, Equatable {
    enum Miss: Sendable, Equatable {
        /// Later than this after the intended start, in ns.
        case later(than: Int64)
        /// Failed, or never started because too many were under way.
        case failed
    }

    let text: String
    let miss: Miss
    /// 0…1, neither included.
    let share: Double
    /// Does an upload that failed count as late? Yes, unless another objective is about failures.
    var countsFailures = true

    var limitNs: Int64? {
        if case .later(let limit) = miss { return limit }
        return nil
    }
}

/// What became of one arrival of a step.
struct StepUpload: Sendable {
    /// In the step's schedule.
    let index: Int64
    /// Its real start behind the intended one.
    let lateNs: Int64
    /// From the intended start to the end, of one that succeeded; nil for one that failed or never
    /// started.
    let responseNs: Int64?
    /// From the intended start, in any case.
    let endedAfterNs: Int64
}

extension ShareObjective {
    /// Whether an upload with this outcome missed the objective; nil where it does not count.
    ///
    /// - Parameter fromStart: counts time from the real start instead of the intended one.
    func isMissed(_ upload: StepUpload, fromStart: Bool = false) -> Bool? {
        switch miss {
        case .failed: upload.responseNs == nil
        case .later(let limit):
            upload.responseNs.map { $0 - (fromStart ? upload.lateNs : 0) > limit }
                ?? (countsFailures ? true : nil)
        }
    }

    /// Of one that has been under way for longer than any limit.
    var isMissedWhenOverdue: Bool { limitNs != nil }
}
