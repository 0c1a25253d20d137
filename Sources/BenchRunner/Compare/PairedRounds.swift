import Foundation

/// The rounds of two runs side by side. The round is the sample: requests of one round share its
/// conditions and are no independent evidence.
struct PairedRounds {
    struct Subject {
        let subject: GateSubject
        /// Rounds by number, of base and candidate.
        let base: [Int: Round]
        let candidate: [Int: Round]

        /// In their order.
        var common: [Int] { base.keys.filter { candidate[$0] != nil }.sorted() }
    }

    /// One cell's round, or one row of signing.
    struct Round {
        let uploads: Int
        let errors: Int
        let value: (GateMetric) -> Double?
    }

    /// Those that both runs have, in the candidate's order.
    let subjects: [Subject]
    /// Those that only one of them has.
    let unpaired: [String]

    init(subjects: [Subject], unpaired: [String] = []) {
        self.subjects = subjects
        self.unpaired = unpaired
    }

    init(base: RecordedRun, candidate: RecordedRun) {
        let (first, second) = (Self.rounds(base), Self.rounds(candidate))
        let names = Set(first.map(\.0))
        subjects = second.filter { names.contains($0.0) }.map { subject, rounds in
            let others = first.first { $0.0 == subject }?.1 ?? [:]
            return Subject(subject: subject, base: others, candidate: rounds)
        }
        let both = Set(subjects.map(\.subject))
        unpaired =
            first.filter { !both.contains($0.0) }.map { $0.0.title + " (only in the base)" }
            + second.filter { !both.contains($0.0) }.map {
                $0.0.title + " (only in the candidate)"
            }
    }

    private static func rounds(_ run: RecordedRun) -> [(GateSubject, [Int: Round])] {
        var order: [GateSubject] = []
        var bySubject: [GateSubject: [Int: Round]] = [:]
        let add = { (subject: GateSubject, number: Int, round: Round) in
            if bySubject[subject] == nil { order.append(subject) }
            bySubject[subject, default: [:]][number] = round
        }
        for cell in run.wholeCells {
            let round = Round(uploads: cell.uploads, errors: cell.errors) { $0.value(cell) }
            add(.cell(cell.key), cell.round, round)
        }
        for row in run.signing {
            let round = Round(uploads: row.signs, errors: 0) {
                $0 == .signing ? row.cpuNsPerSign : nil
            }
            add(.signing(operation: row.operation, threads: row.threads), row.round, round)
        }
        return order.map { ($0, bySubject[$0] ?? [:]) }
    }
}

extension PairedRounds.Subject {
    /// The rounds in which both have the metric.
    func pairs(_ metric: GateMetric) -> [(base: Double, candidate: Double)] {
        common.compactMap { round in
            guard let base = base[round]?.value(metric),
                let candidate = candidate[round]?.value(metric), base > 0, candidate > 0
            else { return nil }
            return (base, candidate)
        }
    }

    /// The smallest number of uploads that a round of either has.
    var fewestUploads: Int {
        common.flatMap { [base[$0]?.uploads ?? 0, candidate[$0]?.uploads ?? 0] }.min() ?? 0
    }

    /// Over all common rounds.
    var errorCounts: (base: ErrorCount, candidate: ErrorCount) {
        let count = { (rounds: [Int: PairedRounds.Round]) in
            common.compactMap { rounds[$0] }.reduce(into: ErrorCount()) {
                $0.errors += $1.errors
                $0.uploads += $1.uploads + $1.errors
            }
        }
        return (count(base), count(candidate))
    }
}
