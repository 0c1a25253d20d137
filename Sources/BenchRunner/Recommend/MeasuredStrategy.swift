/// What a run measured of one strategy at one size.
struct MeasuredStrategy: Sendable {
    let strategy: Strategy
    let sizeBytes: Int64?
    let uploads: Int
    let errors: Int
    /// The median response time by round, in µs.
    let medianUsByRound: [Int: Double]
    /// Of `summary.csv`.
    let lines: [Int]

    var evidence: Evidence { .rows(file: "summary.csv", lines: lines) }

    /// The geometric mean of the rounds' medians, which ratios between strategies are made of too.
    var medianUs: Double? { PairedRatio.geometricMean(medianUsByRound.values) }

    /// All rows of a strategy and size are one, in the order of the strategies and sizes.
    static func all(_ cells: [RecordedCell]) -> [MeasuredStrategy] {
        Strategy.allCases.flatMap { strategy in
            let own = cells.filter { $0.scenario == strategy.rawValue }
            let sizes = Set(own.map(\.sizeBytes)).sorted { ($0 ?? -1) < ($1 ?? -1) }
            return sizes.map { size in
                MeasuredStrategy(strategy, size, own.filter { $0.sizeBytes == size })
            }
        }
    }
}

extension MeasuredStrategy {
    private init(_ strategy: Strategy, _ sizeBytes: Int64?, _ cells: [RecordedCell]) {
        self.strategy = strategy
        self.sizeBytes = sizeBytes
        uploads = cells.reduce(0) { $0 + $1.uploads }
        errors = cells.reduce(0) { $0 + $1.errors }
        lines = cells.map(\.line).sorted()
        medianUsByRound = cells.reduce(into: [:]) { medians, cell in
            if cell.uploads > 0 { medians[cell.round] = cell.response.p50 }
        }
    }
}
