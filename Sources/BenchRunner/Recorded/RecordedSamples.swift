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
    let bytesSent: Int64
    let bytesReceived: Int64

    var hasFailed: Bool { outcome != .success }
}

/// `samples.csv`, read in bounded memory: files of gigabytes are usual.
final class RecordedSamples {
    private let table: RecordedTable

    fileprivate init(path: String) throws(RecordedError) {
        table = try RecordedTable(path: path, columns: Columns.samples)
    }

    /// The next upload; nil at the end.
    func next() throws(RecordedError) -> RecordedSample? {
        guard try table.advance() else { return nil }
        return RecordedSample(
            scenario: try table.name(), sizeBytes: try table.integer(),
            round: try table.count(from: 1), upload: try table.integer(),
            worker: try table.count(), isWarmup: try warmup(),
            intendedUs: try table.integer(from: .min), startedUs: try table.integer(from: .min),
            endedUs: try table.integer(from: .min), responseUs: try table.integer(from: .min),
            serviceUs: try table.integer(from: .min), authorizeUs: try table.optionalInteger(),
            uploadUs: try table.optionalInteger(), notifyUs: try table.optionalInteger(),
            connectUs: try table.optionalInteger(), tlsUs: try table.optionalInteger(),
            sendUs: try table.optionalInteger(), waitUs: try table.optionalInteger(),
            outcome: try outcome(), httpStatus: try table.optionalInteger().map(Int.init),
            errorCode: try table.text(), retries: try table.count(),
            bytesSent: try table.integer(), bytesReceived: try table.integer())
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
        try RecordedSamples(path: file("samples.csv"))
    }
}
