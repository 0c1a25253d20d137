import Measure

/// What decides when the uploads of a cell start, and how many there are.
struct Load: Sendable {
    enum Model: Sendable {
        /// So many clients, each starting its next upload when its last has ended.
        case closed(clients: Int)
        /// Uploads start when a schedule says so, whatever became of the others.
        case open(OpenLoad)
    }

    var model: Model
    /// What ends the starting. Uploads that are under way then still end by themselves.
    var extent: RunPlan.Extent
    /// Uploads that are intended to start in this time do not count.
    var warmup: Duration
    /// What this process takes of the uploads' numbers.
    var share = ArrivalShare.whole

    /// From the start of the cell to the end of the starting; nil where a count ends it.
    var lengthNs: Int64? {
        var length: Int64?
        if case .duration(let duration) = extent {
            length = warmup.wholeNanoseconds + duration.wholeNanoseconds
        }
        guard let seconds = open?.schedule.profile.endSeconds else { return length }
        return min(length ?? .max, Int64(seconds * 1e9))
    }

    /// nil in the closed model.
    var open: OpenLoad? {
        if case .open(let open) = model { return open }
        return nil
    }

    /// nil in the open model.
    var clients: Int? {
        if case .closed(let clients) = model { return clients }
        return nil
    }

    /// The mean rate of the measured time that this process makes, in uploads per second; nil in the
    /// closed model.
    var ratePerSecond: Double? {
        guard let open else { return nil }
        return wholeRatePerSecond(open.schedule.profile).map { $0 / Double(open.share.stride) }
    }

    private func wholeRatePerSecond(_ profile: RateProfile) -> Double? {
        guard let lengthNs else { return profile.peakPerSecond }
        return profile.meanPerSecond(
            fromSeconds: warmup.inSeconds, untilSeconds: Double(lengthNs) / 1e9)
    }

    /// As `summary.csv` names it.
    var modelName: String { open == nil ? "closed" : "open" }
}

struct OpenLoad: Sendable {
    var schedule: ArrivalSchedule
    /// An upload that arrives while so many are under way is not started, and counted.
    var maxInFlight: Int
    /// What this process takes of the schedule.
    var share = ArrivalShare.whole
}

/// The open model as it was asked for; each round makes a schedule of its own from it.
struct OpenPlan: Sendable {
    let profile: RateProfile
    let spacing: ArrivalSchedule.Spacing
    var maxInFlight: Int
    /// Else it is a default, which may be lowered to what descriptors allow.
    var isMaxInFlightGiven = true

    static let defaultMaxInFlight = 10_000

    /// Rounds see different arrivals; the strategies and sizes of a round see the same.
    func load(seed: UInt64, round: Int) -> OpenLoad {
        var random = SeededRandom(seed: seed ^ UInt64(round) &* 0xA24B_AED4_963E_E407)
        let schedule = ArrivalSchedule(profile: profile, spacing: spacing, seed: random.next())
        return OpenLoad(schedule: schedule, maxInFlight: maxInFlight)
    }

    /// For people: `500/s, poisson arrivals, at most 10000 under way`.
    var text: String {
        let rate =
            profile.endSeconds == nil
            ? "\(Readable.number(profile.peakPerSecond))/s"
            : "stages up to \(Readable.number(profile.peakPerSecond))/s"
        return "\(rate), \(spacing.rawValue) arrivals, at most \(maxInFlight) under way"
    }
}

extension RunPlan {
    func load(of cell: Cell) -> Load {
        // One upload shows a refusal as well as a thousand, and needs no schedule.
        guard !isBeyondLimit(cell) else {
            return Load(model: .closed(clients: 1), extent: .uploads(1), warmup: .zero)
        }
        let model: Load.Model =
            open.map { .open($0.load(seed: seed, round: cell.round)) }
            ?? .closed(clients: concurrency)
        let whole = Load(model: model, extent: extent, warmup: warmup)
        return sharding.map { $0.shard.part(of: whole) } ?? whole
    }
}
