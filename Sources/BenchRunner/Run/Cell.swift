import Measure

/// What is measured at a stretch: one strategy, one size, one round.
struct Cell: Sendable {
    let scenario: Strategy
    /// nil where the files differ in size.
    let sizeBytes: Int64?
    let round: Int

    /// For people.
    var title: String {
        let size = sizeBytes.map { Readable.bytes($0) } ?? "files"
        return "\(scenario.rawValue) \(size) round \(round)"
    }
}

extension RunPlan {
    /// Every strategy and size once per round, each round in an order of its own, so that a machine
    /// that slows down does so for all of them.
    func cells() -> [Cell] {
        let sizes: [Int64?] = filesPath == nil ? sizesBytes : [nil]
        return (1...rounds).flatMap { round in
            var random = SeededRandom(seed: seed &+ UInt64(round) &* 0x9E37_79B9_7F4A_7C15)
            return scenarios.flatMap { scenario in
                sizes.map { Cell(scenario: scenario, sizeBytes: $0, round: round) }
            }.shuffled(using: &random)
        }
    }

    /// Is this cell there to show that the strategy refuses the size?
    func isBeyondLimit(_ cell: Cell) -> Bool {
        guard let size = cell.sizeBytes, let carried = cell.scenario.carriesBytes(proxyLimits)
        else { return false }
        return size > carried
    }

    /// What ends a cell: one upload where its refusal is all that there is to see.
    func extent(of cell: Cell) -> Extent { isBeyondLimit(cell) ? .uploads(1) : extent }
    func warmup(of cell: Cell) -> Duration { isBeyondLimit(cell) ? .zero : warmup }
}
