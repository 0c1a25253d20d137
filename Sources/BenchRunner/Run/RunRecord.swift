import Foundation
import Presign
import Measure
import Transfer

/// `run.json`: what was run, on what, and how it ended.
struct RunRecord {
    enum Status: String { case partial, complete }

    let plan: RunPlan
    let target: RunTarget
    let startedAt: Date
    var endedAt: Date?
    /// Partial until all cells are on the disk.
    var status = Status.partial
    var warnings: [String] = []
    /// CPU time of each embedded role's thread over the run, in seconds.
    var rolesCPU: [String: Double]?
    var selfCheck: SelfCheck?
    /// Rows that samples.csv lacks because the disk was too slow.
    var samplesDropped = 0
    /// Strategies that the server has no operation for, with its answer.
    var unsupported: [Strategy: UnsupportedAnswer] = [:]
    /// Requests that were sent again, by cell and by what they failed of.
    var retried: [RetriedRecord] = []
    /// How the shards of this run started together, where they did.
    var shardStart: ShardStartRecord?
    var objectives: [ObjectiveVerdict] = []
    /// This process's; those before it stand in `earlier`.
    var session: SessionRecord
    /// nil: this process began the run.
    var earlier: EarlierSessions?
    /// What the plan follows from; nil where nobody can go on with it.
    var given: GivenSettings?

    init(plan: RunPlan, target: RunTarget, startedAt: Date) {
        (self.plan, self.target, self.startedAt) = (plan, target, startedAt)
        session = SessionRecord(startedAt: startedAt)
    }

    /// The run does not go on in this process.
    mutating func end(_ end: SessionRecord.End, at time: Date) {
        status = end == .complete ? .complete : .partial
        (endedAt, session.endedAt, session.end) = (time, time, end)
    }

    static func text(_ time: Date) -> String { format.string(from: time) }
    static func time(_ text: String) -> Date? { format.date(from: text) }

    private static var format: ISO8601DateFormatter {
        let format = ISO8601DateFormatter()
        format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        return format
    }

    var json: [UInt8] {
        var object: [String: Any] = [
            "schema_version": 1,
            "tool": "uploadbench \(Uploadbench.version)",
            "plan": planObject,
            "seed": plan.seed,
            "started_at": Self.text(earlier?.startedAt ?? startedAt),
            "status": status.rawValue,
            "machine": MachineFacts.object,
            "libraries": MachineFacts.libraries,
            "target": Self.object(of: target),
            "warnings": (earlier?.warnings ?? []) + warnings,
            "sessions": (earlier?.sessions ?? []) + [session.object],
        ]
        object["self_check"] = selfCheck?.object ?? NSNull()
        object["not_supported"] = unsupported.map { strategy, answer in
            [
                "scenario": strategy.rawValue, "http_status": answer.status,
                "error_code": answer.errorCode,
            ] as [String: Any]
        }
        object["retried"] = (earlier?.retried ?? []) + retried.map(\.object)
        object["samples_dropped"] = (earlier?.samplesDropped ?? 0) + samplesDropped
        if !plan.objectives.isEmpty { object["objectives"] = objectives.map(\.object) }
        object["roles_cpu_s"] =
            rolesCPU.map { $0.merging(earlier?.rolesCPU ?? [:], uniquingKeysWith: +) } ?? NSNull()
        object["ended_at"] = endedAt.map(Self.text) ?? NSNull()
        object["git_commit"] = MachineFacts.gitCommit ?? NSNull()
        object["emulated"] = target.emulated?.object ?? NSNull()
        object["plan_hash"] = planHash
        object["run_id"] = plan.runName.text
        object["written"] = WrittenRecord(plan, target)?.object ?? NSNull()
        object["settings"] = given?.object ?? NSNull()
        object["shard"] = plan.sharding.map { shardObject($0) } ?? NSNull()
        return Array((JSONText.render(object) + "\n").utf8)
    }

    /// Equal for shards of one run, whatever machines they are on.
    var planHash: String {
        var object = planObject
        // Machines with more cores may take more threads for the same load.
        object["threads"] = nil
        object["bucket"] = target.isEmbedded ? nil : target.bucket
        object["store"] = target.isEmbedded ? nil : Self.withoutSecrets(target.storeURL)
        return SHA256.digest(Array(JSONText.render(object).utf8)).hex
    }

    private func shardObject(_ sharding: ShardPlan) -> [String: Any] {
        var object: [String: Any] = [
            "index": sharding.shard.index, "count": sharding.shard.count,
            "source": sharding.shard.source, "attempt": sharding.shard.attempt,
        ]
        object["run_id"] = sharding.runName ?? NSNull()
        object["clock"] = shardStart?.object ?? NSNull()
        return object
    }

    var planObject: [String: Any] {
        var object: [String: Any] = [
            "scenarios": plan.scenarios.map(\.rawValue),
            "threads": plan.threads,
            "warmup_s": plan.warmup.inSeconds,
            "rounds": plan.rounds,
            "seed": plan.seed,
            "samples": plan.samples.text,
            "signer": plan.signer.rawValue,
            "retry": plan.retry.rawValue,
            "expires_s": plan.expiresSeconds,
            "idle_timeout_s": plan.client.idleTimeout.inSeconds,
            "request_timeout_s": plan.client.requestTimeout.inSeconds,
            "client": plan.client.kind.rawValue,
            "connections": plan.client.connections.rawValue,
            "expect_continue": plan.client.expectsContinue,
            "part_bytes": plan.client.partBytes,
            "part_window": plan.client.partWindow,
            "tls": plan.client.isSecure,
            "tls_resumption": plan.client.resumesTLSSessions,
            "verifies_server": plan.client.verifiesServer,
        ]
        object.merge(plan.open?.record ?? ["model": "closed", "concurrency": plan.concurrency]) {
            $1
        }
        object["link"] = plan.link ?? NSNull()
        if !plan.objectives.isEmpty { object["slo"] = plan.objectives.map(\.text) }
        object[plan.filesPath == nil ? "size_bytes" : "files"] =
            plan.filesPath ?? plan.sizesBytes as Any
        switch plan.extent {
        case .duration(let duration): object["duration_s"] = duration.inSeconds
        case .uploads(let count): object["uploads"] = count
        }
        return object
    }

    static func object(of target: RunTarget) -> [String: Any] {
        var object: [String: Any] = [
            "kind": target.isEmbedded ? "embedded" : "external",
            "store": withoutSecrets(target.storeURL),
            "bucket": target.bucket,
            "region": target.region,
        ]
        object["credentials"] = target.credentials?.current.source ?? NSNull()
        object["gateway"] = target.gatewayURL.map(withoutSecrets) ?? NSNull()
        object["edge"] = target.edgeURL.map(withoutSecrets) ?? NSNull()
        object["accelerate"] = target.accelerateURL.map(withoutSecrets) ?? NSNull()
        return object
    }

    /// A URL without user, password and query.
    static func withoutSecrets(_ url: String) -> String {
        guard var parts = URLComponents(string: url) else { return "" }
        (parts.user, parts.password, parts.query) = (nil, nil, nil)
        return parts.string ?? ""
    }
}

/// What the numbers depend on and a reader of them cannot see.
enum MachineFacts {
    static var object: [String: Any] {
        var names = utsname()
        uname(&names)
        return [
            "cpu": cpuModel ?? "unknown",
            "cores": ProcessInfo.processInfo.activeProcessorCount,
            "memory_bytes": ProcessInfo.processInfo.physicalMemory,
            "kernel": text(&names.release),
            "architecture": text(&names.machine),
            "congestion_control": firstLine("/proc/sys/net/ipv4/tcp_congestion_control")
                ?? "unknown",
        ]
    }

    /// libcurl's text names the TLS and compression libraries that it is built on.
    static var libraries: [String: String] { ["libcurl": LibcurlVersion.text] }

    /// Of the folder that the run was started in, read from git's own files; nil outside one.
    static var gitCommit: String? {
        guard let folder = gitFolder, let head = firstLine(folder + "/HEAD") else { return nil }
        guard head.hasPrefix("ref: ") else { return head }
        let reference = String(head.dropFirst(5))
        // A linked work tree keeps its branches with the others (gitrepository-layout(5)).
        let common = firstLine(folder + "/commondir").map { folder + "/" + $0 } ?? folder
        if let commit = firstLine("\(common)/\(reference)") { return commit }
        let packed = (try? String(contentsOfFile: common + "/packed-refs", encoding: .utf8)) ?? ""
        let line = packed.split(separator: "\n").first { $0.hasSuffix(" " + reference) }
        return line.map { String($0.prefix { $0 != " " }) }
    }

    /// `.git`, or the folder that a file of that name points to.
    private static var gitFolder: String? {
        guard let pointer = firstLine(".git"), pointer.hasPrefix("gitdir: ") else {
            return FileManager.default.fileExists(atPath: ".git/HEAD") ? ".git" : nil
        }
        return String(pointer.dropFirst(8))
    }

    private static var cpuModel: String? {
        let info = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = info.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private static func firstLine(_ path: String) -> String? {
        let content = try? String(contentsOfFile: path, encoding: .utf8)
        return content?.split(separator: "\n").first.map(String.init)
    }

    private static func text<Characters>(_ characters: inout Characters) -> String {
        withUnsafeBytes(of: &characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension OpenPlan {
    /// As `run.json` has it.
    fileprivate var record: [String: Any] {
        var object: [String: Any] = [
            "model": "open", "arrivals": spacing.rawValue, "max_in_flight": maxInFlight,
        ]
        if profile.endSeconds == nil {
            object["rate_per_s"] = profile.peakPerSecond
        } else {
            object["stages"] = profile.points.map {
                ["at_s": $0.seconds, "rate_per_s": $0.perSecond]
            }
        }
        return object
    }
}
