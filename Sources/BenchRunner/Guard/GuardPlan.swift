import Scenarios

/// What `guard` tries, on what.
struct GuardPlan {
    /// Target, signer, strategies and output, as `run` has them.
    var base: RunPlan
    let cases: [GuardCase]
    let smallestBytes: Int64
    let limitBytes: Int64
    let largestFileBytes: Int64
    let expectPath: String?

    /// Are there files beyond the application's limit and one byte more?
    var triesLargeFiles: Bool {
        cases.contains(.hundredTimesTooLarge) || cases.contains(.oneByteTooLarge)
    }

    /// - Parameter given: target and strategies, where the caller has decided them.
    init(_ settings: Settings, base given: RunPlan? = nil) throws(CommandError) {
        var base: RunPlan
        if let given { base = given } else { base = try RunPlan(settings) }
        if base.target == .embedded { base.link = settings.text("link") ?? RunPlan.loopback }
        base.needsOwner = true
        self.base = base
        let named = try settings.list("cases", default: GuardCase.names) {
            text, source throws(CommandError) in
            try Quantities.choice(text, source, of: GuardCase.names)
        }
        let wanted = Set(named)
        cases = GuardCase.allCases.filter { wanted.contains($0.rawValue) }
        let read = { (name: String, fallback: Int64) throws(CommandError) -> Int64 in
            try settings.parsed(name, default: fallback, Quantities.bytes)
        }
        smallestBytes = try read("smallest", 1024)
        limitBytes = try read("limit", 256 << 10)
        largestFileBytes = try read("largest-file", 32 << 20)
        expectPath = settings.text("expect")
        guard smallestBytes >= 64 else { throw .usage("--smallest must be 64 bytes or more") }
        guard limitBytes >= smallestBytes + 64, limitBytes <= 1 << 30 else {
            throw .usage("--limit must be 64 bytes more than --smallest, and at most 1GiB")
        }
        let apiBytes = base.gatewayOrNil == nil ? 0 : base.proxyLimits.gatewayBodyBytes
        guard largestFileBytes > max(limitBytes, apiBytes), largestFileBytes <= 4 << 30 else {
            throw .usage(
                "--largest-file must be more than --limit and the API's limit"
                    + " (\(max(limitBytes, apiBytes)) bytes), and at most 4GiB")
        }
    }
}

extension RunPlan {
    /// The API, where there is one to ask.
    fileprivate var gatewayOrNil: Signer? { signer == .gateway ? signer : nil }
}

extension Strategy {
    var guardFamily: GuardFamily {
        switch self {
        case .proxyJSON: .proxyJSON
        case .proxyBinary: .proxyBinary
        case .edgeRedirect, .presignedPut, .acceleratedPut: .put
        case .presignedPost, .acceleratedPost: .form
        case .presignedMultipart, .acceleratedMultipart: .parts
        }
    }
}
