/// The execution environments behind the API: how many run at a time, and which start cold.
struct LambdaPool {
    enum Admission: Equatable {
        case throttled
        case starts(delayNs: Int64)
    }

    private let concurrency: Int
    private let coldShare: Double
    private let coldNs: Int64
    private var state: UInt64
    private(set) var running = 0

    init(_ limits: GatewayLimits) {
        concurrency = limits.lambdaConcurrency
        coldShare = limits.coldStartShare
        coldNs = limits.coldStartNs
        state = limits.seed
    }

    /// One more invocation; `finish` ends it.
    mutating func start() -> Admission {
        guard running < concurrency else { return .throttled }
        running += 1
        return .starts(delayNs: isCold() ? coldNs : 0)
    }

    mutating func finish() { running -= 1 }

    /// The seed decides which invocations are cold (SplitMix64).
    private mutating func isCold() -> Bool {
        guard coldShare > 0 else { return false }
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Double(mixed >> 11) * 0x1p-53 < coldShare
    }
}
