import Measure

/// A row of `samples.csv`. Times are µs since the run's start, durations µs; nil is an empty field.
struct RecordedSample: Sendable {
    let scenario: String
    let sizeBytes: Int64
    let round: Int
    let upload: Int64
    let worker: Int
    let isWarmup: Bool
    let intendedUs: Int64
    /// This and the three after it are 0 of an `overflow`, which never started.
    let startedUs: Int64
    let endedUs: Int64
    let responseUs: Int64
    let serviceUs: Int64
    let authorizeUs: Int64?
    let uploadUs: Int64?
    let notifyUs: Int64?
    let connectUs: Int64?
    let tlsUs: Int64?
    let sendUs: Int64?
    let waitUs: Int64?
    let outcome: Outcome
    let httpStatus: Int?
    let errorCode: String
    let retries: Int
    /// 0 where a browser's page could not know.
    let bytesSent: Int64
    let bytesReceived: Int64

    var hasFailed: Bool { outcome != .success }
}

/// `samples.csv`, read in bounded memory: files of gigabytes are usual.
final class RecordedSamples {
    private let table: RecordedTable
    /// Of the row that is being read.
    private var hasAllTimes = true

    private let finished: FinishedCells?

    fileprivate init(_ run: RecordedRun) throws(RecordedError) {
        table = try run.table("samples.csv", Columns.samples)
        finished = FinishedCells(run)
    }

    /// Every row of a file, of whichever cell.
    init(path: String) throws(RecordedError) {
        table = try RecordedTable(path: path, columns: Columns.samples)
        finished = nil
    }

    /// The next upload of a finished cell; nil at the end.
    func next() throws(RecordedError) -> RecordedSample? {
        while let sample = try nextRow() {
            guard let finished else { return sample }
            if finished.contains(sample.scenario, sample.sizeBytes, sample.round) { return sample }
        }
        return nil
    }

    private func nextRow() throws(RecordedError) -> RecordedSample? {
        guard try table.advance() else { return nil }
        hasAllTimes = true
        let sample = RecordedSample(
            scenario: try table.name(), sizeBytes: try table.integer(),
            round: try table.count(from: 1), upload: try table.integer(),
            worker: try table.count(), isWarmup: try warmup(),
            intendedUs: try table.integer(from: .min), startedUs: try time(), endedUs: try time(),
            responseUs: try time(from: 0), serviceUs: try time(from: 0),
            authorizeUs: try table.optionalInteger(),
            uploadUs: try table.optionalInteger(), notifyUs: try table.optionalInteger(),
            connectUs: try table.optionalInteger(), tlsUs: try table.optionalInteger(),
            sendUs: try table.optionalInteger(), waitUs: try table.optionalInteger(),
            outcome: try outcome(), httpStatus: try table.optionalInteger().map(Int.init),
            errorCode: try table.text(), retries: try table.count(),
            bytesSent: try table.optionalInteger() ?? 0,
            bytesReceived: try table.optionalInteger() ?? 0)
        guard hasAllTimes || sample.outcome == .overflow else {
            throw table.fault("belongs to an upload whose start, end or duration is empty")
        }
        return sample
    }

    /// 0 where it is empty, which it is of an upload that never started.
    private func time(from least: Int64 = .min) throws(RecordedError) -> Int64 {
        let time = try table.optionalInteger(from: least)
        if time == nil { hasAllTimes = false }
        return time ?? 0
    }

    private func warmup() throws(RecordedError) -> Bool {
        switch try table.integer() {
        case 0: return false
        case 1: return true
        default: throw table.fault("is neither 0 nor 1")
        }
    }

    private func outcome() throws(RecordedError) -> Outcome {
        let word = try table.name()
        guard let outcome = Outcome(rawValue: word) else {
            throw table.fault("'\(word.prefix(40))' is no outcome")
        }
        return outcome
    }
}

extension RecordedRun {
    /// A reader of every upload, from the file's first row.
    func samples() throws(RecordedError) -> RecordedSamples {
        try RecordedSamples(self)
    }
}
