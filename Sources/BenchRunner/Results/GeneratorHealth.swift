import Measure

/// Whether a cell's figures are the target's, or this process's own limit.
struct GeneratorHealth {
    /// Starts behind the schedule; nil where nothing is scheduled or nothing started.
    let lagP99Us: Int64?
    private let responseP50Us: Int64?
    let busyShare: Double

    /// Of the median response time that the lag may be.
    static let lagShare = 0.1
    /// A thread that computes for more of the time than this had no time to spare.
    static let busyLimit = 0.95

    init(load: Load, _ measurements: CellMeasurements, busyShare: Double) {
        let lag = measurements[.scheduleLag]
        lagP99Us = load.open == nil ? nil : lag.valueUs(atPercentile: 99)
        responseP50Us = measurements[.response].valueUs(atPercentile: 50)
        self.busyShare = busyShare
    }

    /// As a round's files have it.
    init(lagP99Us: Int64?, responseP50Us: Int64?, busyShare: Double) {
        self.lagP99Us = lagP99Us
        self.responseP50Us = responseP50Us
        self.busyShare = busyShare
    }

    var isLate: Bool {
        guard let lagP99Us, let responseP50Us else { return false }
        return Double(lagP99Us) > Self.lagShare * Double(responseP50Us)
    }

    var isBusy: Bool { busyShare > Self.busyLimit }
    var isLimit: Bool { isLate || isBusy }
}
