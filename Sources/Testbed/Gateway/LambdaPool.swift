import Measure

/// The execution environments behind the API: how many run at a time, and which start cold.
struct LambdaPool {
    enum Admission: Equatable {
        case throttled
        case starts(delayNs: Int64)
    }

    private let concurrency: Int
    private let coldShare: Double
    private let coldNs: Int64
    private var random: SeededRandom
    private(set) var running = 0

    init(_ limits: GatewayLimits) {
        concurrency = limits.lambdaConcurrency
        coldShare = limits.coldStartShare
        coldNs = limits.coldStartNs
        random = SeededRandom(seed: limits.seed)
    }

    /// One more invocation; `finish` ends it.
    mutating func start() -> Admission {
        guard running < concurrency else { return .throttled }
        running += 1
        return .starts(delayNs: isCold() ? coldNs : 0)
    }

    mutating func finish() { running -= 1 }

    /// The seed decides which invocations are cold.
    private mutating func isCold() -> Bool {
        coldShare > 0 && random.nextUniform() < coldShare
    }
}
