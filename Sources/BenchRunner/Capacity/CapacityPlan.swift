import Measure

/// What `capacity` was asked for, beside what it shares with `run`.
struct CapacityPlan: Sendable {
    /// nil without `--slo`.
    var objectives: CapacityObjectives?
    var sweep: [Int]
    var budget: Duration
    /// nil: from the response times that one client sees.
    var warmup: Duration?
    var startPerSecond: Double?
    var maxInFlight: Int
    var demand: Demand?

    /// `--plan 2000/s --headroom 30%`.
    struct Demand: Sendable {
        let perSecond: Double
        /// 0…1, of what is provided.
        let headroom: Double
        /// Results of an earlier `capacity` or `run`; nil: measure now.
        let path: String?
    }

    init(_ arguments: Arguments, _ settings: Settings) throws(CommandError) {
        let named = arguments.all("slo")
        let texts = named.isEmpty ? settings.text("slo").map { [$0] } ?? [] : named
        demand = try Self.demand(arguments, settings)
        sweep = try settings.list("sweep", default: [Int]()) { text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...100_000)
        }
        objectives =
            texts.isEmpty && (!sweep.isEmpty || demand != nil)
            ? nil : try CapacityObjectives(texts, "--slo")
        if !sweep.isEmpty {
            guard Set(sweep).count == sweep.count else {
                throw .usage("--sweep names a number twice")
            }
            guard sweep.count >= 4 else {
                throw .usage("--sweep needs at least 4 numbers of clients: 1,2,4,8,16")
            }
            sweep.sort()
        }
        budget = try settings.parsed("budget", default: .seconds(600)) {
            text, source throws(CommandError) in
            let time = try Quantities.duration(text, source)
            guard time >= .seconds(10) else { throw .usage("\(source) must be at least 10s") }
            return time
        }
        warmup = try settings.parsed("warmup", default: nil) { text, source throws(CommandError) in
            try Quantities.duration(text, source)
        }
        startPerSecond = try settings.parsed("start", default: nil) {
            text, source throws(CommandError) in try LoadText.rate(text, source)
        }
        maxInFlight = try settings.parsed("max-in-flight", default: OpenPlan.defaultMaxInFlight) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...100_000)
        }
    }

    /// A value of `--plan` that reads as a rate; any other names a file.
    static func rate(_ text: String) -> Double? {
        guard text.first?.isNumber == true else { return nil }
        return try? LoadText.rate(text, "--plan")
    }

    private static func demand(
        _ arguments: Arguments, _ settings: Settings
    ) throws(CommandError) -> Demand? {
        let rates = arguments.all("plan").compactMap(rate)
        guard rates.count <= 1 else { throw .usage("--plan names two rates") }
        let path = settings.text("from")
        guard let rate = rates.first else {
            for name in ["headroom", "from"] where settings.value(name) != nil {
                throw .usage("--\(name) goes with --plan RATE, as in --plan 2000/s")
            }
            return nil
        }
        let headroom = try settings.parsed("headroom", default: 0.3) {
            text, source throws(CommandError) in
            guard text.hasSuffix("%"), let percent = Double(text.dropLast()),
                (0..<100).contains(percent)
            else { throw .usage("\(source): '\(text)' is not a share below 100%; write 30%") }
            return percent / 100
        }
        return Demand(perSecond: rate, headroom: headroom, path: path)
    }
}
