import Foundation
import Measure

/// `run --against`: two sides take turns round by round, in random order, with the same seed,
/// schedule and payloads. Only so does a machine that drifts treat both alike.
final class AgainstRun {
    private let plan: RunPlan
    private let sides: [AgainstSide]
    private let gate: GateSettings
    private let output: ComparisonOutput
    private let looks: [Int]
    /// Two targets may well differ in what the plan says of them.
    private let ignoresPlan: Bool
    private let startedAt = Date()
    private let startNs = monotonicNs()
    private let progress: ProgressDisplay

    /// nil when no other side is named.
    init?(_ settings: Settings) throws(CommandError) {
        guard settings.text("against") != nil || settings.text("against-target") != nil else {
            for name in ["against-gateway", "against-bucket"] where settings.text(name) != nil {
                throw .usage("--\(name) goes with --against-target URL")
            }
            return nil
        }
        for flag in ShardPlan.flags where settings.value(flag.name) != nil {
            throw .usage("--\(flag.name) does not go with --against: both sides run here")
        }
        var plan = try RunPlan(settings)
        if settings.value("rounds") == nil { plan.rounds = AgainstFlags.defaultRounds }
        guard plan.rounds >= GateSettings.leastRounds else {
            throw .usage(
                "--rounds: fewer than \(GateSettings.leastRounds) rounds cannot be judged; take 10"
                    + " or more")
        }
        self.plan = plan
        sides = try AgainstSide.both(settings)
        gate = GateSettings()
        output = try ComparisonOutput(settings)
        looks = AgainstFlags.looks(rounds: plan.rounds)
        ignoresPlan = settings.text("against") == nil
        progress = ProgressDisplay(cellCount: 0, isQuiet: plan.isQuiet)
    }

    func run() throws(CommandError) -> ExitCode {
        Interruption.watch()
        let folder = try makeFolder(plan.outputPath, "against")
        let session = UUID().uuidString
        var collectors: [RoundCollector] = []
        for side in sides {
            collectors.append(
                RoundCollector(
                    try makeFolder(folder.file(side.name.rawValue), ""), side.name,
                    session: session, plan, looks: looks))
        }
        folder.settle()
        progress.note("results: \(folder.path)")
        var done = 0
        for round in 1...plan.rounds {
            guard try take(round, collectors, folder), !Interruption.isRequested else { break }
            done = round
            guard looks.contains(round) else { continue }
            if try look(collectors).gate.isClear { break }
        }
        progress.clear()
        let isComplete = !Interruption.isRequested
        for collector in collectors { try collector.finish(isComplete: isComplete) }
        return try finish(folder, collectors, done: done)
    }

    /// Both sides of one round; false when an interrupt cut it off.
    private func take(
        _ round: Int, _ collectors: [RoundCollector], _ folder: ResultsDirectory
    ) throws(CommandError) -> Bool {
        // The round's own seed: the same for both sides, another in each round.
        let seed = plan.seed &+ UInt64(round)
        var random = SeededRandom(seed: seed)
        for index in Bool.random(using: &random) ? [0, 1] : [1, 0] {
            let side = sides[index]
            progress.show(title(round) + "  \(side.name.rawValue)")
            let path = folder.file(".round-\(side.name.rawValue)")
            defer { try? FileManager.default.removeItem(atPath: path) }
            let ended = try side.run(seed: seed, into: path)
            if Interruption.isRequested { return false }
            try check(ended, path, side, round)
            try collectors[index].add(path, round: round)
        }
        progress.line(title(round))
        return true
    }

    /// A round whose uploads failed is data; one that left no whole results ends the run.
    private func check(
        _ ended: AgainstSide.Ended, _ path: String, _ side: AgainstSide, _ round: Int
    ) throws(CommandError) {
        do throws(RecordedError) {
            guard try !RecordedRun(path).record.isComplete else { return }
        } catch {}
        let code = ExitCode(rawValue: ended.exitCode) ?? .failure
        let words =
            ended.lastWords.isEmpty
            ? "it left no whole results and told no error; is it an uploadbench?" : ended.lastWords
        throw CommandError(
            exitCode: code == .success ? .failure : code,
            message: "the \(side.name.rawValue) (\(side.binary)) ended with \(ended.exitCode) in"
                + " round \(round): \(words)")
    }

    private func look(_ collectors: [RoundCollector]) throws(CommandError) -> GateReport {
        try GateReport(
            base: CompareCommand.read(collectors[0].directory.path),
            candidate: CompareCommand.read(collectors[1].directory.path), gate,
            ignoresPlan: ignoresPlan)
    }

    private func finish(
        _ folder: ResultsDirectory, _ collectors: [RoundCollector], done: Int
    ) throws(CommandError) -> ExitCode {
        guard done > 0 else {
            Terminal.writeError("uploadbench: interrupted before the first round was over")
            return .interrupted
        }
        let report = try look(collectors)
        do throws(ResultsError) {
            try folder.replace(
                "compare.json", with: Array((GateJSON(report: report).text + "\n").utf8))
        } catch {
            throw error.commandError
        }
        try output.write(report)
        let verdicts = try judgeObjectives(report.candidate)
        try plan.outputs.exports.write(report.candidate)
        if output.format == .table, !output.isQuiet {
            Terminal.write(
                done < plan.rounds
                    ? "ended after \(done) of at most \(plan.rounds) rounds"
                    : "all \(done) rounds were needed")
            Terminal.write("results: \(folder.path)")
        }
        guard !Interruption.isRequested else {
            Terminal.writeError("uploadbench: interrupted; partial results are in \(folder.path)")
            return .interrupted
        }
        // A regression says more than an objective, and that more than a doubt.
        let isMissed = verdicts.contains { !$0.isMet }
        return isMissed && report.gate.exitCode != .regression
            ? .objectiveMissed : report.gate.exitCode
    }

    /// Of the candidate, all its rounds merged.
    private func judgeObjectives(
        _ candidate: RecordedRun
    ) throws(CommandError) -> [ObjectiveVerdict] {
        guard !plan.objectives.isEmpty else { return [] }
        let verdicts: [ObjectiveVerdict]
        do throws(RecordedError) {
            verdicts = try ObjectiveVerdict.all(plan.objectives, candidate)
        } catch {
            throw error.commandError
        }
        if output.format == .table { verdicts.forEach { Terminal.write($0.text) } }
        return verdicts
    }

    private func makeFolder(
        _ path: String?, _ name: String
    ) throws(CommandError) -> ResultsDirectory {
        do throws(ResultsError) {
            return try ResultsDirectory(requested: path, name: name, startedAt: startedAt)
        } catch {
            throw error.commandError
        }
    }

    /// `round 7 of at most 30, next look at 10, at most 120 s left`.
    private func title(_ round: Int) -> String {
        let next = looks.first { $0 >= round } ?? plan.rounds
        let elapsed = Double(monotonicNs() - startNs) / 1e9
        let left =
            round > 1
            ? ", at most \(Int(elapsed / Double(round - 1) * Double(plan.rounds - round + 1))) s left"
            : ""
        return "round \(round) of at most \(plan.rounds), next look after \(next)\(left)"
    }
}

extension Gate {
    /// Nothing that more rounds could change: a regression, or all decided.
    var isClear: Bool {
        verdict == .regression || verdict == .improvement || verdict == .equivalent
    }
}
