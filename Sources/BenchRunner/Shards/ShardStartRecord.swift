import Foundation

/// How well this shard's start agreed with the others', for `run.json`.
struct ShardStartRecord: Sendable {
    /// The server's clock against this machine's; nil without a barrier.
    var offset: ClockOffset?
    var discipline: ClockDiscipline?
    /// How late each cell started after the agreed time, the worst, in seconds.
    var worstLateSeconds: Double?

    var object: [String: Any] {
        var object: [String: Any] = [:]
        if let offset, offset.isKnown {
            object["server_ahead_s"] = offset.middle
            object["server_ahead_uncertainty_s"] = offset.uncertainty
            object["contradictions"] = offset.contradictions
        }
        object["ntp_synchronized"] = discipline?.isSynchronized ?? NSNull()
        object["ntp_maximum_error_s"] = discipline?.maximumErrorSeconds ?? NSNull()
        object["worst_late_s"] = worstLateSeconds ?? NSNull()
        return object
    }
}
