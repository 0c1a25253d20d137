import Foundation
import Measure

/// Shows a search while it runs, on standard error: a line that changes on a terminal, one line per
/// finished step anywhere, nothing when quiet.
final class CapacityDisplay {
    private let isQuiet: Bool
    private let isInteractive = Terminal.isInteractive
    private let deadlineNs: Int64
    private var lastShownNs: Int64 = 0
    private static let intervalNs: Int64 = 200_000_000

    init(deadlineNs: Int64, isQuiet: Bool) {
        self.deadlineNs = deadlineNs
        self.isQuiet = isQuiet
    }

    func note(_ line: String) {
        guard !isQuiet else { return }
        clear()
        Terminal.writeError(line)
    }

    /// What goes on now; may be called often.
    func update(_ line: () -> String) {
        let now = monotonicNs()
        guard !isQuiet, isInteractive, now - lastShownNs >= Self.intervalNs else { return }
        lastShownNs = now
        let left = max(0, Double(deadlineNs - now) / 1e9)
        let text = "  \(line())  \(Int(left)) s of the budget left"
        Terminal.rewriteLine(String(text.prefix(Terminal.width - 1)))
    }

    func clear() {
        if !isQuiet, isInteractive { Terminal.rewriteLine("") }
    }

    // MARK: A search

    func update(_ glimpse: StepRunner.Glimpse, _ objectives: [ShareObjective]) {
        update {
            let rate =
                "\(Self.phase(glimpse.step.phase)) \(Readable.number(glimpse.step.perSecond))/s"
            guard !glimpse.isWarmingUp else { return rate + "  warming up" }
            let worst = zip(objectives, glimpse.evidence).max {
                $0.1.share / $0.0.share < $1.1.share / $1.0.share
            }
            let missed = worst.map {
                "  \(Self.share($1.share)) of \($1.count) missed \($0.text)"
            }
            return rate + String(format: "  %.0f s", glimpse.elapsedSeconds) + (missed ?? "")
                + "  \(glimpse.inFlight) under way"
        }
    }

    func finished(_ outcome: StepRunner.Outcome, number: Int, _ objectives: [ShareObjective]) {
        let result = outcome.result
        let counted = result.evidence.first?.count ?? 0
        let p99 = outcome.facts.responseP99Us.map { "p99 " + Readable.microseconds(Double($0)) }
        let line = [
            padded("  \(number)", to: 5), padded(Self.phase(result.step.phase), to: 12),
            padded(Readable.number(result.step.perSecond) + "/s", to: 10),
            padded(result.decision.rawValue, to: 18),
            padded("\(counted) uploads in \(Readable.number(outcome.measuredSeconds)) s", to: 24),
            padded(p99 ?? "", to: 12), result.reason,
        ]
        note(line.joined(separator: " "))
    }

    private static func phase(_ phase: SearchStep.Phase) -> String {
        switch phase {
        case .doubling: "doubling"
        case .halving: "halving"
        case .bisection: "bisection"
        case .confirmation: "confirming"
        case .margin: "90% of it"
        }
    }

    private static func share(_ share: Double) -> String {
        share == 0 ? "0%" : Readable.percent(share)
    }
}
