import Foundation

extension Command {
    static let run = Command(
        name: "run",
        summary: "drives the uploads, writes a results directory, prints the comparison",
        usage: [
            "run [FLAGS]",
            "run --resume RUN [FLAGS]",
            "run --target http://127.0.0.1:9000 --bucket BUCKET --signer local [FLAGS]",
        ],
        details: """
            Without --target it starts 'uploadbench serve' for itself: an S3-like store and an API on the
            loopback interface that forget the uploaded bytes and keep their checksums. For another target
            credentials are found where AWS's tools find them: the environment (AWS_ACCESS_KEY_ID, …),
            AWS_PROFILE and the shared config files with assumed roles, web identity, SSO and
            credential_process, a container's endpoint, the instance's role; 'doctor' says which won. The
            API's token comes from UPLOADBENCH_TOKEN.

            Every flag can also stand in the environment (UPLOADBENCH_SIZE=1MiB) or in a plan file
            ({"size": "1MiB,4MiB", "rounds": 5}); a flag wins over the environment, that over the plan.

            What is uploaded to another target stays there, under a prefix of the run's own, until
            'uploadbench clean RESULTS' deletes it; with --clean the run does so at its end. A target that
            is not this machine is loaded only with --yes-load HOST, and --max-bytes or --max-cost end a
            run before it sends or costs more (exit code 1, partial results).

            Whatever ends a run, what was finished stays readable. 'run --resume RUN' goes on at the next
            unfinished cell with the same plan, seed and files (docs/interruption.md); keys and tokens, and
            URLs with a user or a query, have to be given again. Of a complete run it does nothing.

            examples:
              uploadbench run --size 1MiB -c 32 -d 10s
              uploadbench run --files photos/ --scenarios presigned-post
              uploadbench run --rate 200 --arrivals poisson -d 30s --scenarios presigned-put
              uploadbench run --stages 0:0,30s:500,2m:500 --max-in-flight 2000
              uploadbench run --slo 'presigned-put p99 < 400ms' --slo 'errors < 0.1%'
              uploadbench run --against ../main/uploadbench --scenarios presigned-put
              uploadbench run -n 1000 --warmup 0s --rounds 1 -o results/quick
            """,
        flags: RunFlags.all,
        run: { arguments throws(CommandError) in try RunCommand.run(arguments) })
}

enum RunCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> ExitCode {
        Interruption.watch()
        if let path = arguments.value("resume") { return try ResumeCommand.run(path, arguments) }
        let settings = try Settings(arguments, for: .run)
        if let against = try AgainstRun(settings) { return try against.run() }
        return try run(try RunPlan(settings), GivenSettings(settings, for: .run))
    }

    /// - Parameters:
    ///   - given: what the plan follows from.
    ///   - resumed: nil for a run that begins.
    static func run(
        _ plan: RunPlan, _ given: GivenSettings, _ resumed: ResumedRun? = nil
    ) throws(CommandError) -> ExitCode {
        var plan = plan
        try LoadConsent.check(plan)
        let workload = try Workload(plan)
        if plan.extent == .uploads(0) { plan.extent = .uploads(workload.entries.count) }
        if plan.open == nil { plan.threads = min(plan.threads, plan.concurrency) }
        try DescriptorLimit.fit(&plan)
        // Before anything starts: a browser that is not there is no reason to wait.
        if plan.client.kind == .chromium { _ = try ChromiumProgram.find() }
        let (target, endpoint) = try open(plan)
        defer { endpoint?.stop() }
        try resumed?.check(RunRecord(plan: plan, target: target, startedAt: Date()))
        plan.api = try Reachability(plan: plan, target: target).check()
        if WrittenRecord.isNamedByAPI(plan, target) {
            try resumed?.check(apiFolder: plan.api.folder)
        }
        // Nothing was measured: there is nothing to keep.
        if Interruption.isRequested { return .interrupted }
        let startedAt = Date()
        let directory =
            if let resumed { resumed.directory } else { try newDirectory(plan, startedAt) }
        if plan.client.kind == .chromium {
            return try ChromiumRun.run(
                plan, target, endpoint, workload, directory, startedAt: startedAt)
        }
        let session = try RunSession(
            plan, target, endpoint, workload, directory, startedAt: startedAt, given: given,
            resumed: resumed)
        let cleanUp = CleanUp(
            plan, target, directory, startedAt: resumed?.startedAt ?? startedAt)
        return try cleanUp.after { () throws(CommandError) in try session.run() }
    }

    private static func newDirectory(
        _ plan: RunPlan, _ startedAt: Date
    ) throws(CommandError) -> ResultsDirectory {
        do throws(ResultsError) {
            return try ResultsDirectory(
                requested: plan.outputPath, name: "run", startedAt: startedAt)
        } catch {
            throw error.commandError
        }
    }

    /// The target, and the child process that is it when none was named.
    static func open(
        _ plan: RunPlan
    ) throws(CommandError) -> (RunTarget, EmbeddedEndpoint?) {
        if case .url(let url) = plan.target {
            return (try RunTarget(url: url, plan: plan), nil)
        }
        var flags = ["--store", "discard", "--expires", "\(plan.expiresSeconds)"]
        flags += ["--seed", "\(plan.seed)", "--link", plan.link ?? RunPlan.loopback]
        if plan.client.isSecure { flags.append("--tls") }
        if plan.client.isSecure, !plan.client.resumesTLSSessions {
            flags.append("--no-tls-resumption")
        }
        for (name, value) in plan.emulation { flags += ["--" + name, value] }
        if let bucket = plan.bucket { flags += ["--bucket", bucket] }
        if let region = plan.region { flags += ["--region", region] }
        let endpoint = try EmbeddedEndpoint(arguments: flags)
        return (try endpoint.target(for: plan), endpoint)
    }
}
