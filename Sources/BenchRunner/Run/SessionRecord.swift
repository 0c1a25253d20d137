import Foundation

/// A stretch of a run from the start of a process to its end. A run that was resumed has several.
struct SessionRecord {
    /// How it ended, as `run.json` says it.
    enum End: String {
        case complete, interrupted, failed
        case targetUnavailable = "target unavailable"
        case limitReached = "limit reached"
        case resultsNotWritten = "results not written"
        /// Without a word: killed, or the machine went down.
        case cutOff = "cut off"

        /// May a cell have rows in some files and not in others?
        var leavesOpenCell: Bool { [.resultsNotWritten, .failed, .cutOff].contains(self) }

        init(_ error: CommandError) {
            switch error.exitCode {
            case .targetUnavailable: self = .targetUnavailable
            case .resultsNotWritten: self = .resultsNotWritten
            case .interrupted: self = .interrupted
            default: self = .failed
            }
        }
    }

    let startedAt: Date
    var endedAt: Date?
    var end: End?
    /// Finished in it, whole.
    var cells = 0

    var object: [String: Any] {
        [
            "started_at": RunRecord.text(startedAt),
            "ended_at": endedAt.map(RunRecord.text) ?? NSNull(),
            "end": end?.rawValue ?? NSNull(), "cells": cells, "machine": MachineFacts.object,
        ]
    }
}

/// What a resumed run takes over from the record of the sessions before it.
struct EarlierSessions {
    let startedAt: Date
    let sessions: [[String: Any]]
    let warnings: [String]
    let retried: [[String: Any]]
    let samplesDropped: Int
    let rolesCPU: [String: Double]

    /// - Parameter record: `run.json` as it was found.
    init(_ record: [String: Any], startedAt: Date) {
        self.startedAt = startedAt
        var sessions = record["sessions"] as? [[String: Any]] ?? []
        // Who was killed could not say so.
        if let last = sessions.indices.last, sessions[last]["end"] as? String == nil {
            sessions[last]["end"] = SessionRecord.End.cutOff.rawValue
        }
        self.sessions = sessions
        warnings = record["warnings"] as? [String] ?? []
        retried = record["retried"] as? [[String: Any]] ?? []
        samplesDropped = record["samples_dropped"] as? Int ?? 0
        rolesCPU = record["roles_cpu_s"] as? [String: Double] ?? [:]
    }
}
