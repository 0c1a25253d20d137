package import Transfer

/// Where the time of one upload went, gathered from its requests in the order of their ends.
///
/// A phase lasts from its first request's start to its last answer. Adding up stretches would count
/// twice what ran side by side: a part that ends last has begun before others did.
package struct PhaseTimes: Sendable {
    private struct Span {
        var startNs: Int64
        var endNs: Int64

        var lengthNs: Int64 { endNs - startNs }

        mutating func cover(_ startNs: Int64, _ endNs: Int64) {
            self.startNs = min(self.startNs, startNs)
            self.endNs = max(self.endNs, endNs)
        }
    }

    private var authorize: Span?
    private var upload: Span?
    private var notify: Span?
    /// From the file's first byte to its last.
    private var sending: Span?
    private var lastFirstByteNs: Int64 = 0

    package init() {}

    /// - Parameter carriesFile: of the request; those that do not leave `sendNs` and `waitNs` alone.
    package mutating func add(_ phase: Phase, carriesFile: Bool, _ timings: Timings) {
        switch phase {
        case .authorize: Self.cover(&authorize, timings.startedNs, timings.endedNs)
        case .upload: Self.cover(&upload, timings.startedNs, timings.endedNs)
        case .notify: Self.cover(&notify, timings.startedNs, timings.endedNs)
        }
        guard carriesFile, timings.sendEndNs > 0 else { return }
        Self.cover(&sending, timings.sendStartNs, timings.sendEndNs)
        lastFirstByteNs = max(lastFirstByteNs, timings.firstByteNs)
    }

    package var authorizeNs: Int64? { authorize?.lengthNs }
    package var uploadNs: Int64? { upload?.lengthNs }
    package var notifyNs: Int64? { notify?.lengthNs }
    package var sendNs: Int64? { sending?.lengthNs }

    /// From the file's last byte to the last answer's first; nil if none came.
    package var waitNs: Int64? {
        guard let sending, lastFirstByteNs > 0 else { return nil }
        return max(0, lastFirstByteNs - sending.endNs)
    }

    private static func cover(_ span: inout Span?, _ startNs: Int64, _ endNs: Int64) {
        if span == nil { span = Span(startNs: startNs, endNs: endNs) }
        span?.cover(startNs, endNs)
    }
}
