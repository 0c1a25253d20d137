/// The objectives of a search, read from `--slo`.
struct CapacityObjectives: Sendable {
    private let objectives: [Objective]

    /// - Throws: a usage error for an objective that cannot be tested upload by upload.
    init(_ texts: [String], _ source: String) throws(CommandError) {
        var objectives: [Objective] = []
        for text in texts {
            let objective = try Objective(text, source)
            try Self.check(objective, source)
            objectives.append(objective)
        }
        guard !objectives.isEmpty else {
            throw .usage("capacity needs an objective: \(source) 'p99 < 300ms', or --sweep 1,2,4,8")
        }
        self.objectives = objectives
    }

    var texts: [String] { objectives.map(\.text) }

    /// Those of one strategy and size; empty when none concerns it.
    func concerning(_ cell: Cell) -> [ShareObjective] {
        let ours = objectives.filter {
            $0.concerns(scenario: cell.scenario.rawValue, sizeBytes: cell.sizeBytes)
        }
        let namesErrors = ours.contains { $0.quantity == .errorShare }
        return ours.compactMap { Self.share($0, countsFailures: !namesErrors) }
    }

    private static func share(_ objective: Objective, countsFailures: Bool) -> ShareObjective? {
        switch objective.quantity {
        case .percentile(_, let percentile):
            ShareObjective(
                text: objective.text, miss: .later(than: Int64(objective.limit * 1000)),
                share: 1 - percentile / 100, countsFailures: countsFailures)
        case .errorShare:
            ShareObjective(text: objective.text, miss: .failed, share: objective.limit)
        default: nil
        }
    }

    private static func check(_ objective: Objective, _ source: String) throws(CommandError) {
        switch objective.quantity {
        case .percentile(.response, _):
            guard objective.limit > 0 else { throw .usage("\(source): a limit of 0 is never met") }
        case .errorShare:
            guard objective.limit > 0, objective.limit < 1 else {
                throw .usage(
                    "\(source): '\(objective.text)': no number of uploads shows a share of exactly"
                        + " \(Readable.percent(objective.limit)); write errors < 0.1%")
            }
        default:
            throw .usage(
                "\(source): '\(objective.text)' cannot be tested upload by upload; write a percentile"
                    + " of the response time ('p99 < 300ms') or 'errors < 0.1%'")
        }
    }
}
