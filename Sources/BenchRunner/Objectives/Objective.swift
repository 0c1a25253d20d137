/// What a run must hold, as `--slo` says it: `presigned-put 4MiB p99 < 400ms`.
struct Objective: Sendable, Equatable {
    /// What is looked at, of all rounds together.
    enum Quantity: Sendable, Equatable {
        /// A percentile (0…100) of a duration, in µs.
        case percentile(Metric, Double)
        case mean(Metric)
        case maximum(Metric)
        /// Failed uploads as a share of all, 0…1.
        case errorShare
        /// Bytes of files that arrived, per second.
        case goodput
        /// Uploads that succeeded, per second.
        case rate
    }

    enum Relation: String, Sendable, CaseIterable {
        // The longer ones first: the first that fits is the one that was meant.
        case atMost = "<=", atLeast = ">=", below = "<", above = ">"

        func holds(_ value: Double, _ limit: Double) -> Bool {
            switch self {
            case .atMost: value <= limit
            case .atLeast: value >= limit
            case .below: value < limit
            case .above: value > limit
            }
        }
    }

    /// As it was written, with single spaces.
    let text: String
    /// nil: of each strategy, of each size.
    let scenario: Strategy?
    let sizeBytes: Int64?
    let quantity: Quantity
    let relation: Relation
    /// µs, a share, bytes per second or uploads per second, as the quantity has it.
    let limit: Double

    func concerns(scenario: String, sizeBytes: Int64?) -> Bool {
        (self.scenario == nil || self.scenario?.rawValue == scenario)
            && (self.sizeBytes == nil || self.sizeBytes == sizeBytes)
    }
}

extension Objective.Quantity {
    /// A value of this quantity for people.
    func shown(_ value: Double) -> String {
        switch self {
        case .percentile, .mean, .maximum: Readable.microseconds(value)
        case .errorShare: Readable.percent(value)
        case .goodput: Readable.bytes(Int64(value)) + "/s"
        case .rate: Readable.number(value) + "/s"
        }
    }
}

extension Readable {
    /// `0.1%` of a share 0…1.
    static func percent(_ share: Double) -> String {
        let percent = share * 100
        if percent == percent.rounded() { return "\(Int(percent))%" }
        return percent < 0.01 ? "<0.01%" : number(percent) + "%"
    }
}
