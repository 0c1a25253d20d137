import Foundation
import Measure
import Scenarios
import Testbed

extension RunPlan {
    static let defaultLink = "cross-continent"

    /// - Parameter defaultSigner: where none is named.
    init(_ settings: Settings, defaultSigner: Signer = .gateway) throws(CommandError) {
        profile = settings.text("profile")
        let aws = try Self.aws(settings)
        let url = aws?.storeURL ?? settings.text("target")
        target = url.flatMap { $0 == "embedded" ? nil : .url($0) } ?? .embedded
        link = try Self.link(settings, target)
        let isEmulatedLink = link != nil && link != Self.loopback
        signer = try settings.choice("signer", default: defaultSigner)
        gatewayURL = settings.text("gateway")
        edgeURL = settings.text("edge")
        // A bucket may not have it: only strategies that are asked for by name go there.
        let isAccelerated = settings.text("scenarios")?.contains("accelerated") ?? false
        accelerateURL =
            settings.text("accelerate") ?? (isAccelerated ? aws?.accelerateURL : nil)
        filesPath = settings.text("files")
        client = try ClientPlan(settings, isEmulatedLink: isEmulatedLink)
        open = try OpenPlan(settings)
        let isChromium = client.kind == .chromium
        concurrency = try settings.parsed("concurrency", default: isChromium ? 1 : 8) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...100_000)
        }
        threads = 1
        // On a link each round is one wave of clients that come for the first time: nothing has to
        // warm up, and more rounds say more than longer ones.
        let isWave = isEmulatedLink && open == nil
        let isShort = filesPath != nil || isWave || open?.profile.endSeconds != nil
        extent = try Self.extent(settings, open, isWave: isWave, concurrency)
        if isChromium, settings.value("uploads") == nil, !isWave {
            extent = .uploads(ChromiumPlan.uploads)
        }
        warmup = try settings.parsed(
            "warmup", default: isShort || isChromium ? .zero : .seconds(1)
        ) {
            text, source throws(CommandError) in try Quantities.duration(text, source)
        }
        if let seconds = open?.profile.endSeconds, warmup.inSeconds >= seconds {
            throw .usage("--warmup: --stages end at \(seconds) s, before anything is measured")
        }
        let defaultRounds = filesPath != nil ? 1 : isWave && !isChromium ? 5 : 3
        rounds = try settings.parsed("rounds", default: defaultRounds) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...10_000)
        }
        seed = try settings.parsed("seed", default: 1) { text, source throws(CommandError) in
            try Quantities.seed(text, source)
        }
        samples = try SampleChoice(settings, seed: seed)
        bucket = settings.text("bucket")
        region = settings.text("region") ?? aws?.region
        expiresSeconds = try settings.parsed("expires", default: 300) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...604_800)
        }
        emulation = try EmulationFlags.values(settings)
        proxyLimits = try EmulationFlags.proxyLimits(settings)
        sharding = try ShardPlan(settings)
        try sharding?.shard.check(clients: open == nil ? concurrency : nil, extent)
        retry = try settings.choice("retry", default: .parts)
        safety = try SafetyPlan(settings)
        let path = try settings.path("out")
        outputPath = sharding?.outputPath(path) ?? path
        tableFormat = try settings.choice("format", default: TableFormat.table)
        isQuiet = try settings.isOn("quiet")
        allowsColor = Terminal.allowsColor(noColorFlag: try settings.isOn("no-color"))
        objectives = try Objective.all(settings)
        outputs = try RunOutputs(settings)
        scenarios = []
        sizesBytes = []
        scenarios = try strategies(settings)
        sizesBytes = try sizes(settings)
        threads = try settings.parsed("threads", default: defaultThreads()) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...256)
        }
        try check(settings)
        try ChromiumPlan.check(settings, self)
    }

    private static func aws(_ settings: Settings) throws(CommandError) -> AWSTarget? {
        guard settings.text("target") == "aws" else { return nil }
        do throws(CredentialError) {
            let environment = AWSEnvironment(
                variables: settings.variables, explicitProfile: settings.text("profile"))
            return try AWSTarget(environment, region: settings.text("region"))
        } catch {
            throw .usage(error.description)
        }
    }

    private static func link(
        _ settings: Settings, _ target: Target
    ) throws(CommandError) -> String? {
        guard case .embedded = target else {
            guard settings.value("link") == nil else {
                throw .usage("--link emulates a network before the embedded target; leave --target")
            }
            return nil
        }
        return try settings.parsed("link", default: defaultLink) {
            text, source throws(CommandError) in
            _ = try EmulationFlags.link(text, source)
            return text
        }
    }

    /// All strategies that the target can carry, or those that were asked for.
    private func strategies(_ settings: Settings) throws(CommandError) -> [Strategy] {
        let named = try settings.list("scenarios", default: [String]()) {
            text, source throws(CommandError) in
            try Quantities.choice(text, source, of: Strategy.names)
        }.compactMap(Strategy.init)
        if Set(named).count < named.count {
            throw .usage("--scenarios names a strategy twice")
        }
        for strategy in named {
            if let reason = whyNot(strategy) {
                throw .usage("--scenarios: \(strategy.rawValue) \(reason)")
            }
        }
        return named.isEmpty ? Strategy.allCases.filter { whyNot($0) == nil } : named
    }

    /// What a strategy lacks at this target; nil if nothing.
    func whyNot(_ strategy: Strategy) -> String? {
        if signer == .local, strategy.needsBackend {
            return "goes through the backend, which --signer local leaves out"
        }
        if signer == .nobody, strategy != .presignedPut {
            return "cannot do without a signature; --signer none goes with presigned-put"
        }
        guard target != .embedded else { return nil }
        if strategy == .edgeRedirect, edgeURL == nil { return "needs --edge URL" }
        if strategy.isAccelerated, accelerateURL == nil { return "needs --accelerate URL" }
        return nil
    }

    private func sizes(_ settings: Settings) throws(CommandError) -> [Int64] {
        let defaults: [Int64] = [256 * 1024, 4 * 1024 * 1024]
        let sizes = try settings.list("size", default: defaults) {
            text, source throws(CommandError) in
            try Quantities.bytes(text, source)
        }
        if Set(sizes).count < sizes.count {
            throw .usage("--size names the same size twice; --rounds repeats a measurement")
        }
        for strategy in scenarios {
            let largest = strategy.largestBytes(partBytes: client.partBytes)
            if let large = sizes.first(where: { $0 > largest }) {
                let hint = strategy.isMultipart ? "a larger --part-size" : "presigned-multipart"
                throw .usage(
                    "--size: \(large) bytes are more than \(strategy.rawValue) can carry (at most"
                        + " \(largest)): take \(hint)")
            }
        }
        return sizes
    }

    private static func extent(
        _ settings: Settings, _ open: OpenPlan?, isWave: Bool, _ concurrency: Int
    ) throws(CommandError) -> Extent {
        if let seconds = open?.profile.endSeconds {
            return .duration(.nanoseconds(Int64(seconds * 1e9)))
        }
        let duration = settings.value("duration")
        // Of two that came by different ways the stronger one wins, as with any other setting.
        if let uploads = settings.value("uploads"),
            duration == nil || settings.rank("uploads") >= settings.rank("duration")
        {
            guard duration == nil || settings.rank("uploads") > settings.rank("duration") else {
                throw .usage("give --uploads or --duration, not both")
            }
            return .uploads(
                try Quantities.count(uploads.text, uploads.source, in: 1...1_000_000_000))
        }
        guard let (text, source) = duration else {
            // For files replaced by their number once they are listed.
            if settings.text("files") != nil { return .uploads(0) }
            return isWave ? .uploads(concurrency) : .duration(.seconds(5))
        }
        let time = try Quantities.duration(text, source)
        guard time > .zero else { throw .usage("\(source) must be longer than 0") }
        return .duration(time)
    }

    private func check(_ settings: Settings) throws(CommandError) {
        guard case .url(let url) = target else {
            if signer == .nobody {
                throw .usage(
                    "--signer none goes with --target URL: the embedded store takes no"
                        + " unsigned uploads")
            }
            for name in ["gateway", "edge", "accelerate"] where settings.value(name) != nil {
                throw .usage("--\(name) goes with --target URL: the embedded target has its own")
            }
            return
        }
        if try settings.isOn("tls") {
            throw .usage("--tls is for the embedded target; for --target give an https URL")
        }
        for name in EmulationFlags.names where settings.value(name) != nil {
            throw .usage("--\(name) is for the embedded target; --target URL is as it is")
        }
        if bucket == nil {
            throw .usage("--target \(RunRecord.withoutSecrets(url)) needs --bucket NAME")
        }
        if signer == .gateway, gatewayURL == nil {
            throw .usage(
                "--target \(RunRecord.withoutSecrets(url)) needs --gateway URL, or --signer local to sign"
                    + " in this process")
        }
    }
}

extension ClientPlan {
    /// What browsers open to one host by HTTP/1.1; more requests wait for one of these.
    private static let browserConnections = 6

    init(_ settings: Settings, isEmulatedLink: Bool) throws(CommandError) {
        kind = try settings.choice("client", default: .native)
        connections = try settings.choice(
            "connections", default: isEmulatedLink ? .fresh : .kept)
        expectsContinue = try !settings.isOn("no-expect")
        partBytes = try settings.parsed("part-size", default: 5 << 20) {
            text, source throws(CommandError) in
            try Self.partBytes(text, source)
        }
        let window = try settings.parsed("part-window", default: 4) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...1000)
        }
        partWindow = kind.isBrowser ? min(window, Self.browserConnections) : window
        isSecure = try settings.isOn("tls")
        resumesTLSSessions = try !settings.isOn("no-tls-resumption")
        idleTimeout = try settings.parsed("idle-timeout", default: idleTimeout, Self.timeout)
        requestTimeout = try settings.parsed(
            "request-timeout", default: requestTimeout, Self.timeout)
        authoritiesPath = settings.text("cacert")
        verifiesServer = try !settings.isOn("insecure")
        if kind.isBrowser, !expectsContinue {
            throw .usage("--no-expect: a browser never sends Expect")
        }
        if let path = authoritiesPath { try AuthorityFile.check(path) }
    }

    private static func timeout(_ text: String, _ source: String) throws(CommandError) -> Duration {
        let time = try Quantities.duration(text, source)
        guard time >= .milliseconds(1) else { throw .usage("\(source) must be 1ms or more") }
        return time
    }

    /// A part's size as S3 takes it.
    static func partBytes(_ text: String, _ source: String) throws(CommandError) -> Int64 {
        let bytes = try Quantities.bytes(text, source)
        guard (PartPlan.smallestPartBytes...PartPlan.largestPartBytes).contains(bytes) else {
            throw .usage("\(source): '\(text)' is not a size from 5MiB to 5GiB")
        }
        return bytes
    }
}
