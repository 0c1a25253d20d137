import Foundation

/// `run --resume DIR`: the same plan, from the next cell that is not finished.
enum ResumeCommand {
    static let flag = Flag(
        name: "resume", valueName: "DIR",
        help: "go on with a run that was cut off, at its next unfinished cell")

    /// What changes nothing that is measured, or may have changed with the day: where and how to tell,
    /// consent, bounds, and how to be known to the target.
    private static let changeable: Set<String> = [
        "quiet", "no-color", "format", "junit", "markdown", "github", "jtl", "vegeta", "k6",
        "yes-load", "max-bytes", "max-cost", "clean", "profile", "cacert",
    ]

    static func run(_ path: String, _ arguments: Arguments) throws(CommandError) -> ExitCode {
        let words = arguments.words.filter { !$0.hasPrefix("--resume=") }
        guard let resumed = try ResumedRun.open(path) else {
            Terminal.writeError("\(path) is complete: there is nothing to resume")
            return .success
        }
        let settings = try settings(resumed.given, words)
        var plan = try RunPlan(settings)
        plan.runName = resumed.runName
        if let threads = resumed.threads { plan.threads = threads }
        return try RunCommand.run(plan, resumed.given, resumed)
    }

    private static func settings(
        _ given: GivenSettings, _ words: [String]
    ) throws(CommandError) -> Settings {
        let allowed = changeable.union(given.hidden)
        let names = words.map { String($0.dropFirst(2).prefix { $0 != "=" }) }
        if let strange = names.first(where: { !allowed.contains($0) }) {
            let list = allowed.sorted().map { "--" + $0 }.joined(separator: ", ")
            throw .usage(
                "--\(strange) would change the plan of a run that has begun; with --resume go \(list)"
            )
        }
        for name in given.hidden where !names.contains(name) {
            throw .usage(
                "--resume: give --\(name) again: its URL had a user, a password or a query, which run.json"
                    + " does not keep")
        }
        return try given.settings(
            with: words, environment: ProcessInfo.processInfo.environment, changeable: allowed,
            for: .run)
    }
}
