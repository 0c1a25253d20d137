import Foundation
import Measure

extension Command {
    static let capacity = Command(
        name: "capacity",
        summary: "finds the highest arrival rate that holds an objective; fits the scalability law",
        usage: [
            "capacity --slo 'p99 < 300ms' [--budget 10m] [FLAGS]",
            "capacity --sweep 1,2,4,8,16,32 [FLAGS]",
            "capacity --plan 2000/s [--headroom 30%] [--from RESULTS]",
        ],
        details: """
            The search doubles the rate of Poisson arrivals until a step misses an objective, bisects until the
            bracket is within 5%, and measures the answer and 90% of it three times more. A step ends by a
            sequential test on the share of uploads that miss the objective; docs/capacity.md has its error
            rates. Where the generator or the budget is the limit the verdict says so, and no rate is named.

            Several --slo must hold together: --slo 'p99 < 300ms' --slo 'errors < 0.1%'. Without one about
            errors a failed upload counts as late. The flags of the target and of what is emulated are those of
            'run'. Exit codes: 0 every rate confirmed, 3 an objective is missed at any rate, 4 inconclusive,
            130 interrupted (what was measured is in capacity.csv).

            examples:
              uploadbench capacity --slo 'p99 < 300ms' --scenarios presigned-put --size 256KiB
              uploadbench capacity --slo 'p99 < 50ms' --link loopback --service-time store=exp:2ms/1 --budget 3m
              uploadbench capacity --plan 2000/s --from results/2026-04-10T22-48-18Z-capacity
            """,
        flags: CapacityFlags.all,
        run: { arguments throws(CommandError) in try CapacityCommand.run(arguments) })
}

enum CapacityFlags {
    static let all = own + shared

    private static let own = [
        Flag(
            name: "slo", valueName: "OBJECTIVE",
            help: "as 'p99 < 300ms', 'presigned-put 4MiB p95 < 2s' or 'errors < 0.1%'",
            isRepeatable: true),
        Flag(
            name: "budget", valueName: "TIME",
            help: "for everything together (default 10m); the search stops within it"),
        Flag(
            name: "start", valueName: "RATE", help: "first rate (default: from one client's times)"),
        Flag(
            name: "sweep", valueName: "LIST",
            help: "clients of a closed model, as 1,2,4,8,16: fits the Universal Scalability Law"),
        Flag(
            name: "plan", valueName: "RATE|FILE",
            help: "a rate, as 2000/s: what it takes to carry it; else a JSON object of these flags",
            isRepeatable: true),
        Flag(
            name: "headroom", valueName: "SHARE",
            help: "with --plan RATE: what stays free (default 30%)"),
        Flag(
            name: "from", valueName: "DIR",
            help: "with --plan RATE: results to plan from (default: a short measurement)"),
    ]

    /// Those of `run`, but for what the search decides itself and what only many uploads need.
    private static let shared = RunFlags.all.filter { !notShared.contains($0.name) }.map(worded)

    private static let notShared: Set<String> = [
        "plan", "concurrency", "rate", "stages", "arrivals", "duration", "uploads", "rounds", "slo",
        "shard", "shards", "run-id", "barrier", "start-at", "samples",
    ]

    /// The same flags with the defaults that they have here.
    private static func worded(_ flag: Flag) -> Flag {
        let help = [
            "warmup":
                "time of each step that does not count (default: from response times and correlation)",
            "max-in-flight":
                "what arrives while so many are under way is not started (default 10000)",
            "out": "results directory (default results/<time>-capacity)",
        ]
        guard let text = help[flag.name] else { return flag }
        return Flag(
            name: flag.name, short: flag.short, valueName: flag.valueName, help: text,
            isRepeatable: flag.isRepeatable)
    }
}

enum CapacityCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> ExitCode {
        let files = arguments.all("plan").filter { CapacityPlan.rate($0) == nil }
        guard files.count <= 1 else { throw .usage("--plan names two files") }
        if let path = files.first, !FileManager.default.fileExists(atPath: path) {
            throw .usage(
                "--plan: '\(path)' is neither a rate, such as 2000/s, nor a file that is there")
        }
        let settings = try Settings(arguments, for: .capacity, planPath: files.first)
        let asked = try CapacityPlan(arguments, settings)
        var plan = try RunPlan(settings)
        plan.open = nil
        if let demand = asked.demand, let path = demand.path {
            return try PlanningCommand.run(demand, path, plan)
        }
        try LoadConsent.check(plan)
        let workload = try Workload(plan)
        Interruption.watch()
        let startedNs = monotonicNs()
        let (target, endpoint) = try RunCommand.open(plan)
        defer { endpoint?.stop() }
        plan.api = try Reachability(plan: plan, target: target).check()
        let session = try CapacitySession(
            asked, plan, target, endpoint, workload, startedNs: startedNs)
        return try CleanUp(plan, target, session.directory).after { () throws(CommandError) in
            try session.run()
        }
    }
}
