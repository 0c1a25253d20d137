import Foundation
import Presign
import Scenarios
import Transfer

extension Command {
    static let doctor = Command(
        name: "doctor",
        summary:
            "checks a target before loading it: reachability, clock, credentials, permission, CORS, …",
        usage: [
            "doctor --target http://127.0.0.1:9000 --bucket BUCKET [--origin https://app.example]",
            "doctor --target aws --region eu-central-1 --bucket BUCKET [--gateway URL] [FLAGS]",
            "doctor [FLAGS]",
        ],
        details: """
            Sends a few dozen small requests, all below a prefix of its own, and takes its objects away again.
            Each line is pass, fail, not-supported or not-tried, with what to do: an IAM policy or CORS rules
            to paste. It says which source of credentials won, never the secret.

            --resolve sends nothing to the target: it only says which endpoint, region and credentials would be
            used (a source of credentials is still asked: STS, SSO, a container, the instance).

            Exit code: 0 nothing failed, 1 something did, 69 the target is not there.
            """,
        flags: DoctorFlags.all,
        run: { arguments throws(CommandError) in try DoctorCommand.run(arguments) })
}

enum DoctorFlags {
    static let all =
        RunFlags.named("scenarios") + own + RunFlags.named("signer", "expires", "part-size")
        + RunFlags.place + EmulationFlags.flags + RunFlags.named("plan", "quiet", "no-color") + [
            Flag(name: "format", valueName: "HOW", help: "table (default), json or markdown")
        ]

    private static let own = [
        Flag(
            name: "origin", valueName: "ORIGIN",
            help: "of the pages that upload: are they let in? (https://app.example)"),
        Flag(
            name: "resolve",
            help: "only say which endpoint, region and credentials would be used"),
    ]
}

enum DoctorCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> ExitCode {
        let plan = try DoctorPlan(Settings(arguments, for: .doctor))
        Interruption.watch()
        let (target, endpoint) = try RunCommand.open(plan.base)
        defer { endpoint?.stop() }
        var report = DoctorReport(target: facts(target))
        var code = ExitCode.success
        if !plan.resolvesOnly {
            let session = try DoctorSession(plan, target)
            code = session.run(&report)
        }
        show(report, plan)
        guard !Interruption.isRequested else { return .interrupted }
        return code
    }

    private static func facts(_ target: RunTarget) -> [(name: String, value: String)] {
        var facts = [
            ("endpoint", RunRecord.withoutSecrets(target.storeURL)), ("bucket", target.bucket),
            ("region", target.region),
        ]
        let others = [
            ("gateway", target.gatewayURL), ("edge", target.edgeURL),
            ("accelerate", target.accelerateURL),
        ]
        facts += others.compactMap { name, url in
            url.map { (name, RunRecord.withoutSecrets($0)) }
        }
        let found = target.credentials?.current
        facts.append(("credentials", found?.source ?? "none"))
        if let end = found?.expiresAt {
            facts.append(("expire", SigningTime(unixSeconds: Int64(end)).iso8601))
        }
        return facts.map { (name: $0.0, value: $0.1) }
    }

    private static func show(_ report: DoctorReport, _ plan: DoctorPlan) {
        switch plan.format {
        case .json: Terminal.write(JSONText.render(report.object))
        case .markdown: Terminal.write(report.markdown)
        case .table: Terminal.write(report.text(usesColor: plan.base.allowsColor))
        }
    }
}

/// All checks in their order; what the later ones need is tried first.
struct DoctorSession {
    private let plan: DoctorPlan
    private let target: RunTarget
    private let settings: TransferConfiguration

    init(_ plan: DoctorPlan, _ target: RunTarget) throws(CommandError) {
        self.plan = plan
        self.target = target
        settings = plan.base.client.engineSettings(target)
    }

    func run(_ report: inout DoctorReport) -> ExitCode {
        do throws(CommandError) {
            guard try network(&report) else { return .targetUnavailable }
            try bucket(&report)
        } catch {
            report.checks.append(DoctorCheck("doctor", .fail, error.message))
        }
        return report.hasFailed ? .failure : .success
    }

    /// - Returns: false when the store is not there.
    private func network(_ report: inout DoctorReport) throws(CommandError) -> Bool {
        let store = try ScenarioFactory.local(
            target, target.storeURL, target.storeStyle, "--target")
        var hosts: [(String, Origin)] = [("store", store.origin)]
        for (role, url) in [
            ("gateway", target.gatewayURL), ("edge", target.edgeURL),
            ("accelerate", target.accelerateURL),
        ] {
            if let url, let origin = Origin(url: url) { hosts.append((role, origin)) }
        }
        var isStoreThere = true
        for (role, origin) in hosts where !Interruption.isRequested {
            let seen = DoctorNetwork(role: role, origin: origin, settings: settings).checks()
            report.checks += seen.checks
            if role == "store" { isStoreThere = seen.isThere }
        }
        return isStoreThere
    }

    private func bucket(_ report: inout DoctorReport) throws(CommandError) {
        guard let credentials = target.credentials else {
            report.checks.append(
                DoctorCheck(
                    "credentials", .fail, "no source has any",
                    advice: [
                        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run"
                            + " 'aws configure'"
                    ]))
            return
        }
        let found = credentials.current
        report.checks.append(DoctorCheck("credentials", .pass, "from \(found.source)"))
        let client = try SequentialClient(settings)
        let contexts = try GuardContexts(plan.guardPlan, target, run: plan.base.runName.text)
        let owner = DoctorOwner(
            client, contexts.direct, target, prefix: plan.base.runName.keyPrefix, settings)
        report.checks += owner.permissions()
        report.checks += [owner.multipart(), owner.acceleration()]
        guard !Interruption.isRequested else { return }
        let trial = GuardTrial(contexts, client)
        report.checks += DoctorUploads(trial: trial, plan: plan, source: found.source).checks()
        report.checks += owner.cors(origin: plan.origin)
        let left = trial.sweep()
        if !left.isEmpty {
            report.checks.append(
                DoctorCheck(
                    "clean", .fail, "\(left.count) of doctor's own objects could not be deleted",
                    advice: Array(left.prefix(10))))
        }
    }
}
