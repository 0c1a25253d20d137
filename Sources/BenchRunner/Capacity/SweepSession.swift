import Foundation
import Measure

/// `--sweep`: each number of clients of the closed model, in rounds, and the law through them.
struct SweepSession {
    private let session: CapacitySession
    private let cells: [Cell]
    private let seconds: Double
    private let startNs = monotonicNs()

    private static let rounds = 3
    private static let warmup = Duration.milliseconds(300)
    private static let shortestSeconds = 0.5
    private static let longestSeconds = 5.0

    init(_ session: CapacitySession, _ cells: [Cell], seconds: Double) {
        self.session = session
        self.cells = cells
        self.seconds = seconds
    }

    func run() throws(CommandError) -> [SweepResult] {
        var results: [SweepResult] = []
        for cell in cells where session.mayGoOn {
            session.display.note("\(cell.scenario.rawValue)  sweep")
            let rows = try measure(cell)
            let result = SweepResult(cell, rows, seed: session.plan.seed)
            for row in result.fitRows { try session.write(row) }
            results.append(result)
        }
        return results
    }

    /// Every number of clients once per round, each round in an order of its own.
    private func measure(_ cell: Cell) throws(CommandError) -> [SweepRow] {
        var rows: [SweepRow] = []
        var random = SeededRandom(seed: session.plan.seed)
        for round in 1...Self.rounds {
            for clients in session.asked.sweep.shuffled(using: &random) {
                guard session.mayGoOn, let duration = duration else { return rows }
                let row = try measure(cell, clients, round, duration)
                rows.append(row)
                try session.write(row.csv)
                let ratio = row.littlesRatio.map { "  N/XR \(Readable.number(1 / $0))" } ?? ""
                session.display.note(
                    "  \(padded("\(clients) clients", to: 14)) "
                        + padded(row.perSecond.map { Readable.number($0) + "/s" } ?? "–", to: 12)
                        + ratio + "  " + row.problem)
            }
        }
        return rows
    }

    /// An equal part of the time for every cell; nil when it is used up.
    private var duration: Duration? {
        let count = Double(cells.count * Self.rounds * session.asked.sweep.count)
        let fair = 0.9 * seconds / count - Self.warmup.inSeconds
        let left = seconds - Double(monotonicNs() - startNs) / 1e9
        guard left > Self.shortestSeconds + 2 * Self.warmup.inSeconds else { return nil }
        let length = min(Self.longestSeconds, max(Self.shortestSeconds, fair))
        return .nanoseconds(Int64(length * 1e9))
    }

    private func measure(
        _ cell: Cell, _ clients: Int, _ round: Int, _ duration: Duration
    ) throws(CommandError) -> SweepRow {
        let load = Load(
            model: .closed(clients: clients), extent: .duration(duration), warmup: Self.warmup)
        let before = session.gatewayCPUNs
        var measured = try session.cellRun.measure(
            Cell(scenario: cell.scenario, sizeBytes: cell.sizeBytes, round: round), load
        ) { _ in
            session.display.update { "\(cell.scenario.rawValue)  \(clients) clients" }
        }
        if let before, let after = session.gatewayCPUNs {
            measured.gatewayCPUNs = max(0, after - before)
        }
        return SweepRow(cell, clients, measured)
    }
}

/// One number of clients, measured once.
struct SweepRow {
    let cell: Cell
    let clients: Int
    let perSecond: Double?
    let littlesRatio: Double?
    /// Empty for a row that may be fitted.
    let problem: String
    private let facts: StepFacts

    /// N = X · R holds exactly over a long time; over a short one uploads that began before it or end
    /// after it blur it.
    private static let littlesTolerance = 0.05

    init(_ cell: Cell, _ clients: Int, _ measured: CellResult) {
        self.cell = cell
        self.clients = clients
        let achieved = measured.measurements.uploads > 0 ? measured.achievedPerSecond : nil
        perSecond = achieved
        let mean = measured.measurements[.service].meanUs
        let ratio = achieved.flatMap { rate in
            mean.map {
                ScalabilityFit.littlesRatio(
                    clients: clients, perSecond: rate, meanSeconds: $0 / 1e6)
            }
        }
        littlesRatio = ratio
        var facts = StepFacts(measured)
        facts.achievedPerSecond = achieved
        facts.seconds = measured.windowSeconds
        self.facts = facts
        let failed = measured.measurements.errors
        if achieved == nil {
            problem = "no upload succeeded"
        } else if measured.generator.isBusy {
            problem = "generator-limited"
        } else if failed * 100 > measured.measurements.uploads {
            problem = "\(failed) uploads failed"
        } else if let ratio, abs(ratio - 1) > Self.littlesTolerance {
            problem = "Little's law is off by \(Readable.percent(abs(ratio - 1)))"
        } else {
            problem = ""
        }
    }

    var csv: CapacityRow {
        CapacityRow(
            scenario: cell.scenario, sizeBytes: cell.sizeBytes, phase: "sweep",
            concurrency: clients, facts: facts, decision: problem.isEmpty ? "fitted" : "left-out",
            reason: problem)
    }
}
