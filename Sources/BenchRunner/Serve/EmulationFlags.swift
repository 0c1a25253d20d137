import Testbed

/// The flags that decide what `serve` emulates; `run` has them too and hands them on to the
/// endpoint that it starts.
enum EmulationFlags {
    static let flags = [
        Flag(
            name: "link", valueName: "NAME|SPEC",
            help:
                "network: loopback, metro, same-region, cross-continent, far, mobile, or rtt=80ms,up=20mbit"
        ),
        Flag(name: "tls", help: "TLS 1.3 on every role, with a certificate made at the start"),
        Flag(name: "no-tls-resumption", help: "a full TLS handshake for every connection"),
        Flag(name: "key-policy", valueName: "HOW", help: "uuid (default), per-user or chosen"),
        Flag(
            name: "gateway-throttle", valueName: "N/s",
            help: "requests per second that the API takes (default 10000/s)"),
        Flag(
            name: "gateway-burst", valueName: "N",
            help: "requests that it takes at once beyond that (default 5000)"),
        Flag(
            name: "gateway-limit", valueName: "BYTES",
            help: "largest body at the API (default 10485760)"),
        Flag(
            name: "lambda-limit", valueName: "BYTES",
            help: "largest Lambda event (default 6291456)"),
        Flag(
            name: "lambda-concurrency", valueName: "N",
            help: "Lambda invocations at a time (default 1000)"),
        Flag(
            name: "cold-start", valueName: "TIME@SHARE",
            help: "of Lambda invocations, as 300ms@1% (default none)"),
        Flag(
            name: "integration-timeout", valueName: "TIME",
            help: "after which the API gives up on what is behind it (default 29s)"),
        Flag(
            name: "service-time", valueName: "ROLE=TIME,..",
            help:
                "of store, gateway or edge, as store=exp:10ms/1 (exponential, one server) or edge=2ms"
        ),
        Flag(
            name: "store-throttle", valueName: "N/s",
            help: "requests per second that the store takes; 503 SlowDown beyond (default no limit)"
        ),
        Flag(
            name: "store-burst", valueName: "N",
            help: "requests that it takes at once beyond that (default 1)"),
        FaultFlag.flag,
    ]

    /// Those that `run` hands on as they are.
    static let names = flags.map(\.name).filter {
        !["link", "tls", "no-tls-resumption"].contains($0)
    }

    /// The given ones, checked, by name.
    static func values(_ settings: Settings) throws(CommandError) -> [String: String] {
        _ = (try limits(settings), try storeLimits(settings), try FaultFlag.values(settings))
        var values: [String: String] = [:]
        for name in names { values[name] = settings.text(name) }
        return values
    }

    static func proxyLimits(_ settings: Settings) throws(CommandError) -> ProxyLimits {
        var limits = ProxyLimits()
        limits.lambdaEventBytes = try settings.parsed(
            "lambda-limit", default: limits.lambdaEventBytes, bytes)
        limits.gatewayBodyBytes = try settings.parsed(
            "gateway-limit", default: limits.gatewayBodyBytes, bytes)
        return limits
    }

    static func bytes(_ text: String, _ source: String) throws(CommandError) -> Int64 {
        let bytes = try Quantities.bytes(text, source)
        guard bytes > 0 else { throw .usage("\(source) must be more than 0 bytes") }
        return bytes
    }

    /// nil for loopback.
    static func link(_ text: String, _ source: String) throws(CommandError) -> LinkProfile? {
        do throws(LinkProfileError) {
            return try LinkProfile.parse(text)
        } catch {
            throw .usage("\(source): \(error)")
        }
    }

    static func limits(_ settings: Settings) throws(CommandError) -> GatewayLimits {
        var limits = GatewayLimits()
        let bodies = try proxyLimits(settings)
        limits.bodyBytes = bodies.gatewayBodyBytes
        limits.lambdaEventBytes = bodies.lambdaEventBytes
        limits.throttlePerSecond = try settings.parsed(
            "gateway-throttle", default: limits.throttlePerSecond, rate)
        let burst = try settings.parsed("gateway-burst", default: Int(limits.throttleBurst)) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...1_000_000_000)
        }
        limits.throttleBurst = Double(burst)
        limits.lambdaConcurrency = try settings.parsed(
            "lambda-concurrency", default: limits.lambdaConcurrency
        ) { text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...1_000_000)
        }
        if let (text, source) = settings.value("cold-start") {
            (limits.coldStartNs, limits.coldStartShare) = try coldStart(text, source)
        }
        let timeout = try settings.parsed(
            "integration-timeout", default: Duration.nanoseconds(limits.integrationTimeoutNs)
        ) { text, source throws(CommandError) in try Quantities.duration(text, source) }
        limits.integrationTimeoutNs = timeout.wholeNanoseconds
        limits.service = try ServiceTimeFlag.values(settings)["gateway"] ?? .none
        limits.seed = try settings.parsed("seed", default: limits.seed) {
            text, source throws(CommandError) in try Quantities.seed(text, source)
        }
        return limits
    }

    static func keyPolicy(_ settings: Settings) throws(CommandError) -> KeyPolicy {
        try settings.choice("key-policy", default: KeyPolicy.uuid)
    }

    static func storeLimits(_ settings: Settings) throws(CommandError) -> StoreLimits {
        var limits = StoreLimits()
        limits.service = try ServiceTimeFlag.values(settings)["store"] ?? .none
        if let (text, source) = settings.value("store-throttle") {
            limits.throttlePerSecond = try rate(text, source)
        } else if settings.value("store-burst") != nil {
            throw .usage("--store-burst goes with --store-throttle N/s")
        }
        let burst = try settings.parsed("store-burst", default: Int(limits.throttleBurst)) {
            text, source throws(CommandError) in
            try Quantities.count(text, source, in: 1...1_000_000_000)
        }
        limits.throttleBurst = Double(burst)
        limits.seed = try settings.parsed("seed", default: limits.seed) {
            text, source throws(CommandError) in try Quantities.seed(text, source)
        }
        return limits
    }

    /// `300ms@1%`: a time, and the share of invocations that it is added to.
    private static func coldStart(
        _ text: String, _ source: String
    ) throws(CommandError) -> (Int64, Double) {
        let halves = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        guard halves.count == 2, halves[1].hasSuffix("%"),
            let percent = Double(halves[1].dropLast()), (0...100).contains(percent)
        else { throw .usage("\(source): '\(text)' is not TIME@SHARE; write 300ms@1%") }
        let time = try Quantities.duration(halves[0], source)
        return (time.wholeNanoseconds, percent / 100)
    }

    /// `200/s` or `200`.
    static func rate(_ text: String, _ source: String) throws(CommandError) -> Double {
        let number = text.hasSuffix("/s") ? String(text.dropLast(2)) : text
        guard let rate = Double(number), rate > 0, rate <= 1e9 else {
            throw .usage("\(source): '\(text)' is not a rate; write 200/s")
        }
        return rate
    }
}
