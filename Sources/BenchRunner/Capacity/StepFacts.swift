import Measure

/// What `capacity.csv` says of a step beside the decision.
struct StepFacts: Sendable {
    var offeredPerSecond: Double?
    var achievedPerSecond: Double?
    var seconds = 0.0
    var uploads = 0
    var errors = 0
    var overflow = 0
    var responseP50Us: Int64?
    var responseP99Us: Int64?
    var responseMeanUs: Double?
    var authorizeP50Us: Int64?
    var notifyP50Us: Int64?
    var inFlightMean: Double?
    var inFlightSlopePerSecond: Double?
    var scheduleLagP99Us: Int64?
    var clientBusyShare = 0.0
    var clientCPUUsPerUpload: Double?
    var gatewayCPUUsPerUpload: Double?

    init(_ result: CellResult) {
        let measured = result.measurements
        (uploads, errors, overflow) = (measured.uploads, measured.errors, measured.overflow)
        let response = measured[.response]
        responseP50Us = response.valueUs(atPercentile: 50)
        responseP99Us = response.valueUs(atPercentile: 99)
        responseMeanUs = response.meanUs
        authorizeP50Us = measured[.authorize].valueUs(atPercentile: 50)
        notifyP50Us = measured[.notify].valueUs(atPercentile: 50)
        scheduleLagP99Us = result.generator.lagP99Us
        clientBusyShare = result.clientBusyShare
        clientCPUUsPerUpload = result.clientCPUUsPerUpload
        gatewayCPUUsPerUpload = result.gatewayCPUUsPerUpload
    }
}
