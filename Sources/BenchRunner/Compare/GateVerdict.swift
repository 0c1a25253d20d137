/// What the rounds say about one metric of one cell.
enum GateVerdict: String, Sendable, CaseIterable {
    /// Worse beyond the margin, and not by chance.
    case regression
    /// Better beyond the margin, and not by chance.
    case improvement
    /// The 90% interval lies within the margin on both sides.
    case equivalent
    case inconclusive
    /// Inconclusive, and an effect as large as the margin could not have been seen.
    case underpowered
    /// Too few rounds, or too few uploads in them.
    case notJudged = "not-judged"

    var isDecided: Bool { self == .regression || self == .improvement || self == .equivalent }
}

/// How strict the comparison is.
struct GateSettings: Sendable {
    static let leastRounds = 6

    var metrics = GateMetric.defaults
    /// As ratios; a metric that is not named has its default.
    var margins: [GateMetric: Double] = [:]
    /// Two-sided level of all comparisons together.
    var alpha = 0.05
    /// The chance with which an effect is to be found, for what is called underpowered.
    var power = 0.8

    func margin(_ metric: GateMetric) -> Double { margins[metric] ?? metric.defaultMargin }
}

/// One metric of one cell, from the rounds that both runs have.
struct GateRow: Sendable {
    let subject: GateSubject
    let metric: GateMetric
    /// Medians over the rounds; for errors the shares of all uploads.
    let base: Double?
    let candidate: Double?
    /// ln(candidate) − ln(base) of each paired round.
    let differences: [Double]
    /// Of errors: failed uploads and all.
    var counts: (base: ErrorCount, candidate: ErrorCount)?
    /// Hodges–Lehmann, as a logarithm.
    var estimate: Double?
    /// As logarithms; nil where so few rounds have none.
    var interval95: ClosedRange<Double>?
    var interval90: ClosedRange<Double>?
    var pValue: Double?
    /// By Holm, over all that were tested.
    var adjustedPValue: Double?
    /// The smallest effect that would have been found, as a logarithm; infinite for none. Only of
    /// what is not decided, as are the rounds that would do.
    var smallestDetectable: Double?
    var roundsNeeded: Int?
    var verdict = GateVerdict.notJudged
    var note = ""

    var title: String { "\(subject.title) \(metric.title)" }
}

struct ErrorCount: Sendable, Equatable {
    var errors = 0
    var uploads = 0

    /// Of all, 0…1.
    var share: Double? { uploads > 0 ? Double(errors) / Double(uploads) : nil }
}

/// What is compared: a cell of a run, or an operation of `sign`.
enum GateSubject: Hashable, Sendable {
    case cell(CellKey)
    case signing(operation: String, threads: Int)

    var title: String {
        switch self {
        case .cell(let key):
            let details = [
                key.concurrency.map { "c=\($0)" },
                key.ratePerSecond.map { "\(Readable.number($0))/s" },
            ]
            return ([key.title] + details.compactMap { $0 }).joined(separator: " ")
        case .signing(let operation, let threads):
            return "\(operation) on \(threads) thread\(threads == 1 ? "" : "s")"
        }
    }
}
