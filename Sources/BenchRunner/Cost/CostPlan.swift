import Foundation

/// A month to be priced, decided in every detail.
struct CostPlan: Sendable {
    var uploads: Int64
    var shares: SizeShares
    var strategies: [Strategy]
    var basis: CostBasis
    var book: PriceBook
    /// The results directory that measurements come from.
    var runPath: String?
    /// It had samples, which tell answers' bytes and failures.
    var hasSamples: Bool
    /// Accelerated strategies that the run did not find faster, in words.
    var vainAccelerations: [String]
    /// The functions' times were given by hand.
    var isLambdaTimeGiven: Bool

    /// A trillion is more than S3 has ever reported; sums stay in range below it.
    static let mostUploads = 1e11
    static let defaultShares = SizeShares.listed([.init(bytes: 1 << 20, weight: 1)])

    /// - Parameter run: nil without a results directory.
    init(_ settings: Settings, run: CostEvidence?) throws(CommandError) {
        runPath = run?.path
        hasSamples = run.map { !$0.extras.isEmpty } ?? false
        vainAccelerations = run?.vainAccelerations ?? []
        uploads = try settings.parsed("uploads", default: 1_000_000, Self.uploads)
        shares = try settings.parsed(
            "size-distribution", default: run?.shares ?? Self.defaultShares, SizeShares.parse)
        book =
            try settings.text("prices").map { path throws(CommandError) in
                try PriceBookReader.overlay(path)
            } ?? .embedded
        isLambdaTimeGiven = settings.value("lambda-duration") != nil
        basis = try CostBasis(settings, run: run)
        strategies = []
        guard book.regions.contains(basis.region) else {
            let hint =
                nearest(to: basis.region, among: book.regions).map { "; did you mean '\($0)'?" }
                ?? ""
            throw .usage(
                "--region: there are no prices for '\(basis.region)'\(hint) (the price book knows"
                    + " \(book.regions.joined(separator: ", ")); add others with --prices FILE)")
        }
        strategies = try strategies(settings, run)
    }

    private func strategies(
        _ settings: Settings, _ run: CostEvidence?
    ) throws(CommandError) -> [Strategy] {
        let possible = (run?.strategies ?? Strategy.allCases).filter {
            basis.signer == .gateway || !$0.needsBackend
        }
        let named = try settings.list("scenarios", default: possible.map(\.rawValue)) {
            text, source throws(CommandError) in
            try Quantities.choice(text, source, of: Strategy.names)
        }.compactMap(Strategy.init)
        if let through = named.first(where: { !possible.contains($0) }) {
            let reason =
                basis.signer == .local && through.needsBackend
                ? "goes through the backend, which --signer local leaves out"
                : "is not among those of the run"
            throw .usage("--scenarios: \(through.rawValue) \(reason)")
        }
        return Strategy.allCases.filter(named.contains)
    }

    /// `250000`, `10M`, `1.5B`.
    static func uploads(_ text: String, _ source: String) throws(CommandError) -> Int64 {
        let units: [(String, Double)] = [("k", 1e3), ("m", 1e6), ("b", 1e9), ("", 1)]
        let lower = text.lowercased()
        for (unit, factor) in units where lower.hasSuffix(unit) {
            let digits = lower.dropLast(unit.count)
            guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
                let value = Double(digits).map({ ($0 * factor).rounded() }),
                (1...mostUploads).contains(value)
            else { continue }
            return Int64(value)
        }
        throw .usage(
            "\(source): '\(text)' is not a number of uploads from 1 to 100B; write 250000 or 10M")
    }

    var classes: [SizeClass] { shares.classes(uploads: uploads, steps: basis.steps()) }

    func invoices() throws(CommandError) -> [Invoice] {
        let classes = classes
        var invoices: [Invoice] = []
        for strategy in strategies {
            invoices.append(try Invoice.make(strategy, classes, basis, book))
        }
        return invoices
    }
}

/// What a results directory tells of costs.
struct CostEvidence: Sendable {
    let path: String
    let strategies: [Strategy]
    /// The run's sizes in equal shares; nil where it uploaded files.
    let shares: SizeShares?
    let region: String?
    let client: ClientPlan.Kind?
    let signer: RunPlan.Signer?
    let partBytes: Int64?
    let proxyLimits: ProxyLimits
    let lambdaPoints: [Strategy: [LambdaTimes.Point]]
    let extras: [Strategy: MeasuredExtras]
    /// Accelerated strategies and sizes that were not clearly faster than without, in words.
    let vainAccelerations: [String]
}

extension CostBasis {
    /// What a run tells, and the defaults for the rest.
    init(_ run: CostEvidence?) {
        self.init()
        region = run?.region ?? region
        client = run?.client ?? client
        signer = run?.signer ?? signer
        partBytes = run?.partBytes ?? partBytes
        proxyLimits = run?.proxyLimits ?? proxyLimits
        measured = run?.extras ?? [:]
        lambdaTimes.measured = run?.lambdaPoints ?? [:]
    }

    init(_ settings: Settings, run: CostEvidence?) throws(CommandError) {
        self.init(run)
        region = settings.text("region") ?? region
        api = try settings.choice("api", default: api)
        edgeLocation = try settings.choice("edge-location", default: edgeLocation)
        edgeTier = try settings.choice("edge-tier", default: edgeLocation.tier)
        architecture = try settings.choice("lambda-architecture", default: architecture)
        client = try settings.choice("client", default: client)
        signer = try settings.choice("signer", default: signer)
        usesFreeTier = try settings.isOn("free-tier")
        // AWS Lambda quotas, "Function memory allocation".
        lambdaMemoryMB = Int64(
            try settings.parsed("lambda-memory", default: Int(lambdaMemoryMB)) {
                text, source throws(CommandError) in
                try Quantities.count(text, source, in: 128...10_240)
            })
        storageMonths = Int64(
            try settings.parsed("storage-months", default: 0) {
                text, source throws(CommandError) in
                try Quantities.count(text, source, in: 0...120)
            })
        partBytes = try settings.parsed("part-size", default: partBytes) {
            text, source throws(CommandError) in
            try ClientPlan.partBytes(text, source)
        }
        edgeFunctionMs = try settings.parsed("edge-duration", default: edgeFunctionMs, Self.ms)
        if let (text, source) = settings.value("lambda-duration") {
            lambdaTimes.assumedMs = try Self.lambdaTimes(text, source)
            lambdaTimes.measured = [:]
        }
    }

    /// `50ms` for every function, or `sign=20ms,review=80ms` for some; a function may run 15 minutes.
    static func lambdaTimes(
        _ text: String, _ source: String
    ) throws(CommandError) -> [APIFunction: Double] {
        guard text.contains("=") else {
            let time = try ms(text, source)
            return Dictionary(uniqueKeysWithValues: APIFunction.allCases.map { ($0, time) })
        }
        var times = LambdaTimes.defaultMs
        var given: Set<APIFunction> = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard halves.count == 2 else {
                throw .usage("\(source): '\(word)' does not fit; write sign=20ms,review=80ms")
            }
            let name = try Quantities.choice(
                halves[0], source, of: APIFunction.allCases.map(\.rawValue))
            guard let function = APIFunction(rawValue: name), given.insert(function).inserted
            else { throw .usage("\(source): '\(name)' stands twice") }
            times[function] = try ms(halves[1], source)
        }
        return times
    }

    private static func ms(_ text: String, _ source: String) throws(CommandError) -> Double {
        let duration = try Quantities.duration(text, source)
        guard duration <= .seconds(900) else {
            throw .usage("\(source): '\(text)' is longer than the 15 minutes of a function")
        }
        return duration.inSeconds * 1000
    }
}
