import CLinux
import Glibc

/// How many file descriptors a process may have (RLIMIT_NOFILE), and whether a run's connections fit.
/// Checked and raised before anything starts; the embedded endpoint inherits what is raised.
enum DescriptorLimit {
    /// Results, libraries, event loops, the endpoint's pipes.
    private static let reserve = 100
    private static let perThread = 8

    /// Raises the limits as far as this user may, and fits the plan's connections to them.
    ///
    /// - Throws: a usage error that says what fits, and what to type for more.
    static func fit(_ plan: inout RunPlan) throws(CommandError) {
        let need = ConnectionNeed(plan)
        let wanted = need.descriptors(for: need.wantedUploads) + spare(plan)
        let limit = raise(to: wanted)
        let room = max(0, limit - spare(plan))
        let fitting = need.uploads(in: room)
        plan.client.connectionLimit = max(1, room / need.descriptorsPerConnection)
        if fitting >= need.wantedUploads { return }
        guard need.isDefault, fitting > 0 else {
            let own = need.descriptorsPerConnection > 1 ? " (the embedded endpoint's included)" : ""
            throw .usage(
                "\(need.flag) \(need.wantedUploads) needs up to \(wanted) file descriptors\(own) and this"
                    + " process may have \(limit): take \(need.flag) \(max(1, fitting)), or type"
                    + " 'ulimit -n \(wanted)' first (as root where the hard limit, 'ulimit -Hn', is"
                    + " lower)")
        }
        plan.open?.maxInFlight = fitting
    }

    private static func spare(_ plan: RunPlan) -> Int { reserve + perThread * plan.threads }

    /// What to do about errors that come of the limit; nil for other errors.
    static func advice(_ code: Int32) -> String? {
        switch code {
        case EMFILE:
            "this process may have \(current) file descriptors: type 'ulimit -n \(max(4096, 4 * current))'"
                + " first (as root where the hard limit, 'ulimit -Hn', is lower), or take fewer clients"
        case ENFILE:
            "the machine has no file descriptors left: raise the limit with 'sysctl fs.file-max=N', or"
                + " end what holds them"
        default: nil
        }
    }

    private static var current: Int {
        var limit = rlimit()
        guard clinux_getrlimit(clinux_RLIMIT_NOFILE, &limit) == 0 else { return 0 }
        return Int(clamping: limit.rlim_cur)
    }

    /// Raises the soft limit to the hard one, and the hard one too where that is permitted.
    ///
    /// - Returns: the limit that holds then.
    static func raise(to wanted: Int) -> Int {
        var limit = rlimit()
        guard clinux_getrlimit(clinux_RLIMIT_NOFILE, &limit) == 0 else { return wanted }
        if limit.rlim_max < rlim_t(wanted) {
            var higher = rlimit(rlim_cur: rlim_t(wanted), rlim_max: rlim_t(wanted))
            if clinux_setrlimit(clinux_RLIMIT_NOFILE, &higher) == 0 { return wanted }
        }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            _ = clinux_setrlimit(clinux_RLIMIT_NOFILE, &limit)
            _ = clinux_getrlimit(clinux_RLIMIT_NOFILE, &limit)
        }
        return Int(clamping: limit.rlim_cur)
    }
}

/// The connections of a plan's uploads.
struct ConnectionNeed {
    /// Under way at a time, as the plan asks.
    let wantedUploads: Int
    /// The flag that says it, and whether it is only a default that may be lowered.
    let flag: String
    let isDefault: Bool
    /// Of one upload at a time: its requests in parallel.
    let connectionsPerUpload: Int
    /// Of the process that has the most per connection of a client: this one has one; the embedded
    /// endpoint has both ends of what it relays.
    let descriptorsPerConnection: Int

    init(_ plan: RunPlan) {
        wantedUploads = plan.open?.maxInFlight ?? plan.concurrency
        flag = plan.open == nil ? "--concurrency" : "--max-in-flight"
        isDefault = plan.open.map { !$0.isMaxInFlightGiven } ?? false
        let largest = plan.filesPath == nil ? plan.sizesBytes.max() ?? 0 : .max
        let hasParts =
            plan.scenarios.contains(where: \.isMultipart)
            && largest > plan.client.partBytes
        let parts = largest / max(1, plan.client.partBytes) + 1
        let window = Int(min(Int64(plan.client.partWindow), parts))
        // A client that comes for the first time holds a connection to each host until its end.
        let hosts = plan.client.connections == .fresh ? plan.hostsPerUpload : 1
        connectionsPerUpload = max(hosts, hasParts ? window : 1)
        guard case .embedded = plan.target else {
            descriptorsPerConnection = 1
            return
        }
        let relays = plan.isEmulatedLink ? 2 : 0
        let passesOn = plan.scenarios.contains { $0.isProxy || $0.isAccelerated } ? 2 : 0
        descriptorsPerConnection = 1 + relays + passesOn
    }

    func descriptors(for uploads: Int) -> Int {
        uploads * connectionsPerUpload * descriptorsPerConnection
    }

    func uploads(in descriptors: Int) -> Int {
        descriptors / (connectionsPerUpload * descriptorsPerConnection)
    }
}

extension RunPlan {
    /// The most that one of the strategies talks to.
    fileprivate var hostsPerUpload: Int {
        scenarios.map { scenario in
            if signer != .gateway || scenario.isProxy { return 1 }
            return scenario == .edgeRedirect ? 3 : 2
        }.max() ?? 1
    }
}
