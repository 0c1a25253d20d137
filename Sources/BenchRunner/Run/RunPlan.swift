import Foundation
import Measure

/// A run, decided in every detail before it starts; `run.json` holds it.
struct RunPlan: Sendable {
    enum Target: Sendable, Equatable {
        /// A child process of this one on the loopback interface.
        case embedded
        case url(String)
    }

    enum Signer: String, Sendable, CaseIterable {
        /// The API is asked for each permission, and told of each upload.
        case gateway
        /// This process signs, and an upload is only its S3 requests.
        case local
    }

    /// What ends a cell.
    enum Extent: Sendable, Equatable {
        case duration(Duration)
        case uploads(Int)
    }

    var scenarios: [String]
    var sizesBytes: [Int64]
    /// Real files to upload instead of made ones; a file or a folder.
    var filesPath: String?
    var concurrency: Int
    var threads: Int
    var extent: Extent
    var warmup: Duration
    var rounds: Int
    var seed: UInt64
    var target: Target
    var bucket: String?
    var region: String?
    var gatewayURL: String?
    var signer: Signer
    var expiresSeconds: Int
    var outputPath: String?
    var tableFormat: TableFormat
    var isQuiet: Bool
    var allowsColor: Bool
}

enum TableFormat: String, CaseIterable, Sendable {
    case table, json, markdown
}

extension RunPlan {
    static let strategies = ["presigned-put", "presigned-post"]

    init(_ settings: Settings) throws(CommandError) {
        scenarios = try settings.list("scenarios", default: Self.strategies) {
            text, source throws(CommandError) in
            try Quantities.choice(text, source, of: Self.strategies)
        }
        filesPath = settings.text("files")
        sizesBytes = try Self.sizes(settings)
        concurrency = try settings.parsed("concurrency", default: 8) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...100_000)
        }
        threads = try settings.parsed("threads", default: Self.defaultThreads) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...256)
        }
        extent = try Self.extent(settings)
        warmup = try settings.parsed("warmup", default: filesPath == nil ? .seconds(1) : .zero) {
            text, source throws(CommandError) in try Quantities.duration(text, source)
        }
        rounds = try settings.parsed("rounds", default: filesPath == nil ? 3 : 1) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...10_000)
        }
        seed = try settings.parsed("seed", default: 1) { text, source throws(CommandError) in
            try Quantities.seed(text, source)
        }
        target = settings.text("target").flatMap { $0 == "embedded" ? nil : .url($0) } ?? .embedded
        bucket = settings.text("bucket")
        region = settings.text("region")
        gatewayURL = settings.text("gateway")
        let signerName = try settings.parsed("signer", default: Signer.gateway.rawValue) {
            text, source throws(CommandError) in
            try Quantities.choice(text, source, of: Signer.allCases.map(\.rawValue))
        }
        signer = Signer(rawValue: signerName) ?? .gateway
        expiresSeconds = try settings.parsed("expires", default: 300) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...604_800)
        }
        outputPath = settings.text("out")
        let formatName = try settings.parsed("format", default: TableFormat.table.rawValue) {
            text, source throws(CommandError) in
            try Quantities.choice(text, source, of: TableFormat.allCases.map(\.rawValue))
        }
        tableFormat = TableFormat(rawValue: formatName) ?? .table
        isQuiet = settings.isOn("quiet")
        allowsColor = Terminal.allowsColor(noColorFlag: settings.isOn("no-color"))
        try check()
    }

    /// One thread keeps up with an endpoint on the same machine; more leave it no core.
    private static var defaultThreads: Int {
        max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
    }

    private static func sizes(_ settings: Settings) throws(CommandError) -> [Int64] {
        let defaults: [Int64] = [256 * 1024, 4 * 1024 * 1024]
        let sizes = try settings.list("size", default: defaults) {
            text, source throws(CommandError) in
            try Quantities.bytes(text, source)
        }
        // S3 takes at most 5 GiB in one PUT or POST (S3 User Guide, "Uploading objects").
        if let large = sizes.first(where: { $0 > 5_368_709_120 }) {
            throw .usage("--size: \(large) bytes are more than one request may carry (5 GiB)")
        }
        return sizes
    }

    private static func extent(_ settings: Settings) throws(CommandError) -> Extent {
        if let (text, source) = settings.value("uploads") {
            guard settings.value("duration") == nil else {
                throw .usage("give --uploads or --duration, not both")
            }
            return .uploads(try Quantities.count(text, source, in: 1...1_000_000_000))
        }
        if settings.text("files") != nil, settings.value("duration") == nil {
            // Replaced by the number of files once they are listed.
            return .uploads(0)
        }
        let duration = try settings.parsed("duration", default: Duration.seconds(5)) {
            text, source throws(CommandError) in try Quantities.duration(text, source)
        }
        guard duration > .zero else { throw .usage("--duration must be longer than 0") }
        return .duration(duration)
    }

    private func check() throws(CommandError) {
        if Set(scenarios).count < scenarios.count {
            throw .usage("--scenarios names a strategy twice")
        }
        guard case .url(let url) = target else {
            if gatewayURL != nil {
                throw .usage("--gateway goes with --target URL: the embedded target has its own")
            }
            return
        }
        if bucket == nil {
            throw .usage("--target \(url) needs --bucket NAME")
        }
        if signer == .gateway, gatewayURL == nil {
            throw .usage(
                "--target \(url) needs --gateway URL, or --signer local to sign in this process")
        }
    }
}

/// What is measured at a stretch: one strategy, one size, one round.
struct Cell: Sendable {
    let scenario: String
    /// nil where the files differ in size.
    let sizeBytes: Int64?
    let round: Int
}

extension RunPlan {
    /// Every strategy and size once per round, each round in an order of its own, so that a machine
    /// that slows down does so for all of them.
    func cells() -> [Cell] {
        let sizes: [Int64?] = filesPath == nil ? sizesBytes : [nil]
        return (1...rounds).flatMap { round in
            var random = SeededRandom(seed: seed &+ UInt64(round) &* 0x9E37_79B9_7F4A_7C15)
            return scenarios.flatMap { scenario in
                sizes.map { Cell(scenario: scenario, sizeBytes: $0, round: round) }
            }.shuffled(using: &random)
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers from the same seed on every machine.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
