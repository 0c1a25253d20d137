/// Everything besides prices and sizes that a month's cost depends on.
struct CostBasis: Sendable {
    enum APIKind: String, CaseIterable, Sendable {
        case http, rest
    }

    var region = "us-east-1"
    var api = APIKind.http
    var edgeTier = EdgeTier.one
    var edgeLocation = EdgeLocation.us
    var lambdaMemoryMB: Int64 = 256
    var architecture = LambdaArchitecture.x86
    var lambdaTimes = LambdaTimes()
    /// Of the function at the edge, and its memory.
    var edgeFunctionMs = 5.0
    var edgeFunctionMemoryMB: Int64 = 128
    var client = ClientPlan.Kind.native
    var signer = RunPlan.Signer.gateway
    var partBytes: Int64 = 5 << 20
    var proxyLimits = ProxyLimits()
    /// How long each file is kept, for its storage; 0: storage is left out.
    var storageMonths: Int64 = 0
    var usesFreeTier = false
    /// What a run measured beside the functions' times.
    var measured: [Strategy: MeasuredExtras] = [:]

    /// API Gateway meters calls of HTTP APIs in steps of 512 KB (price page of API Gateway).
    static let meterBytes: Int64 = 512 * 1024

    /// What one upload of this strategy may carry.
    func largestBytes(_ strategy: Strategy) -> Int64 {
        min(
            strategy.carriesBytes(proxyLimits) ?? .max, strategy.largestBytes(partBytes: partBytes))
    }

    /// Sizes at which some formula makes a step.
    func steps() -> [Int64] {
        let meters = (1...24).map { Int64($0) * Self.meterBytes }
        // In Base64 a meter is full after three quarters of its bytes; the text around it is short.
        let base64 = meters.map { $0 / 4 * 3 - 3 * 100 }
        let parts = (1...256).map { Int64($0) * partBytes }
        return meters + base64 + parts + Strategy.allCases.map(largestBytes)
    }
}

/// How long the API's functions are billed for.
struct LambdaTimes: Sendable {
    /// Per invocation in ms, where nothing was measured.
    var assumedMs: [APIFunction: Double] = Self.defaultMs
    /// Per upload, as a run measured it at some sizes, in ascending order.
    var measured: [Strategy: [Point]] = [:]

    struct Point: Sendable, Equatable {
        let sizeBytes: Int64
        let msPerUpload: Double
    }

    /// Assumptions, all overridable: signing 20 ms and a proxied image 300 ms as in a published worked
    /// example, the others chosen between.
    static let defaultMs: [APIFunction: Double] = [
        .sign: 20, .multipart: 50, .review: 50, .image: 300,
    ]

    /// The measured time of all functions of one upload: linear between measured sizes, the nearest
    /// one's outside; nil if the run did not measure it.
    func measuredMs(_ strategy: Strategy, sizeBytes: Int64) -> Double? {
        guard let points = measured[strategy], let first = points.first, let last = points.last
        else { return nil }
        guard sizeBytes > first.sizeBytes else { return first.msPerUpload }
        guard let above = points.firstIndex(where: { $0.sizeBytes >= sizeBytes }) else {
            return last.msPerUpload
        }
        let (low, high) = (points[above - 1], points[above])
        let share =
            Double(sizeBytes - low.sizeBytes) / Double(high.sizeBytes - low.sizeBytes)
        return low.msPerUpload + share * (high.msPerUpload - low.msPerUpload)
    }
}

/// What a run tells of a strategy's uploads besides what their requests are.
struct MeasuredExtras: Sendable {
    /// Bytes that came back to the client per upload.
    var receivedBytesPerUpload: Double?
    /// Uploads that failed, per upload that arrived.
    var failures: [FailureRate] = []
}

struct FailureRate: Sendable, Equatable {
    let httpStatus: Int?
    let errorCode: String
    let perUpload: Double
}
