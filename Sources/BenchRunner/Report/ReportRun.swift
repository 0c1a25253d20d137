import Presign

/// One run as the page shows it: plain values, whatever they were read from.
struct ReportRun {
    let name: String
    /// `run.json`.
    let record: JSONValue
    let isPartial: Bool
    let comparison: Comparison
    let tracks: [TimelineFigure.Track]
    let timeSpent: [TimeSpent]
    /// What was enforced, where the directory is one of `guard`; there is nothing else then.
    var guardReport: GuardReport?
    /// Capacity, scalability and cost, where the run has them.
    var furtherFigures: [Figure] = []
    /// What a reader must know before believing the figures.
    var warnings: [String] = []
    /// What a run of another kind than a comparison found.
    var answers: [String] = []
    /// The files themselves, for what is compared with another run; nil for other kinds of results.
    var recorded: RecordedRun?
    /// Addresses of the run's files relative to the page, where it stands near them.
    let files: [String: String]

    var plan: JSONValue { record["plan"] ?? .object([]) }
    var isEmulated: Bool { !(record["emulated"]?.isNull ?? true) }

    var figures: [Figure] {
        [
            PercentileFigure.make(comparison), SizeFigure.make(comparison),
            TimelineFigure.make(tracks), TimeSpentFigure.make(timeSpent),
            WireFigure.make(comparison),
        ].compactMap { $0 } + furtherFigures
    }
}
