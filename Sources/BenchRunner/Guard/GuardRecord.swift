import Foundation
import Scenarios

/// `run.json` of `guard`.
struct GuardRecord {
    private let plan: GuardPlan
    private let target: RunTarget
    private let run: String
    private let startedAt: Date
    private var endedAt: Date?
    private var report: GuardReport?

    init(plan: GuardPlan, target: RunTarget, run: String, startedAt: Date) {
        self.plan = plan
        self.target = target
        self.run = run
        self.startedAt = startedAt
    }

    mutating func end(_ report: GuardReport, at time: Date) {
        (self.report, endedAt) = (report, time)
    }

    var json: [UInt8] {
        let times = ISO8601DateFormatter()
        times.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        var object: [String: Any] = [
            "schema_version": 1,
            "command": "guard",
            "tool": "uploadbench \(Uploadbench.version)",
            "plan": planObject,
            "seed": plan.base.seed,
            "run": run,
            "written": target.isEmbedded
                ? NSNull()
                : WrittenRecord(prefix: GuardContext.prefix(ofRun: run)).object as Any,
            "started_at": times.string(from: startedAt),
            "status": report?.isComplete == true ? "complete" : "partial",
            "machine": MachineFacts.object,
            "libraries": MachineFacts.libraries,
            "target": RunRecord.object(of: target),
        ]
        object["ended_at"] = endedAt.map(times.string(from:)) ?? NSNull()
        object["git_commit"] = MachineFacts.gitCommit ?? NSNull()
        object["emulated"] = target.emulated?.object ?? NSNull()
        object["left_behind"] = report?.leftBehind ?? NSNull() as Any
        return Array((JSONText.render(object) + "\n").utf8)
    }

    private var planObject: [String: Any] {
        [
            "scenarios": plan.base.scenarios.map(\.rawValue),
            "cases": plan.cases.map(\.rawValue),
            "signer": plan.base.signer.rawValue,
            "expires_s": plan.base.expiresSeconds,
            "part_bytes": plan.base.client.partBytes,
            "smallest_bytes": plan.smallestBytes,
            "limit_bytes": plan.limitBytes,
            "largest_file_bytes": plan.largestFileBytes,
            "api_body_limit_bytes": plan.base.proxyLimits.gatewayBodyBytes,
            "lambda_event_limit_bytes": plan.base.proxyLimits.lambdaEventBytes,
            "tls": plan.base.client.isSecure,
            "link": plan.base.link ?? NSNull() as Any,
            "key_policy": plan.base.emulation["key-policy"] ?? NSNull() as Any,
        ]
    }
}
