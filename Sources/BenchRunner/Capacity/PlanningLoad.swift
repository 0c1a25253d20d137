import Foundation
import Measure

/// What one upload of a strategy takes, as it was measured.
struct PlanningLoad: Sendable {
    let scenario: String
    let sizeBytes: Int64?
    /// The highest rate that one target of the kind measured has carried.
    var capacityPerSecond: Double?
    var responseMeanSeconds: Double?
    /// What a client sees of the API's answers, the network included.
    var authorizeSeconds: Double?
    var notifySeconds: Double?
    var gatewayCPUSeconds: Double?
    var clientCPUSeconds: Double?
    /// Of multipart uploads.
    let partBytes: Int64
    let source: String

    init(
        _ result: CellResult, capacity: Double?, partBytes: Int64, source: String
    ) {
        let measured = result.measurements
        let seconds = { (microseconds: Int64?) in microseconds.map { Double($0) / 1e6 } }
        scenario = result.cell.scenario.rawValue
        sizeBytes = result.cell.sizeBytes
        capacityPerSecond = capacity
        responseMeanSeconds = measured[.response].meanUs.map { $0 / 1e6 }
        authorizeSeconds = seconds(measured[.authorize].valueUs(atPercentile: 50))
        notifySeconds = seconds(measured[.notify].valueUs(atPercentile: 50))
        gatewayCPUSeconds = result.gatewayCPUUsPerUpload.map { $0 / 1e6 }
        clientCPUSeconds = result.clientCPUUsPerUpload.map { $0 / 1e6 }
        self.partBytes = partBytes
        self.source = source
    }

    /// From a row of `summary.csv`.
    init(_ cell: RecordedCell, partBytes: Int64, source: String) {
        let seconds = { (microseconds: Double?) in microseconds.map { $0 / 1e6 } }
        scenario = cell.scenario
        sizeBytes = cell.sizeBytes
        responseMeanSeconds = seconds(cell.response.mean)
        authorizeSeconds = seconds(cell.authorizeP50Us)
        notifySeconds = seconds(cell.notifyP50Us)
        gatewayCPUSeconds = seconds(cell.gatewayCPUUsPerUpload)
        clientCPUSeconds = seconds(cell.clientCPUUsPerUpload)
        self.partBytes = partBytes
        self.source = source
    }

    /// From rows of `capacity.csv` of one strategy and size, by their columns' names.
    init(_ rows: [[String: String]], _ key: (String, Int64?), partBytes: Int64, source: String) {
        (scenario, sizeBytes) = key
        self.partBytes = partBytes
        self.source = source
        let number = { (row: [String: String]?, name: String) in
            row?[name].flatMap(Double.init)
        }
        let answer = rows.last { $0["phase"] == "answer" }
        capacityPerSecond =
            answer?["decision"] == CapacityAnswer.Verdict.confirmed.rawValue
            ? number(answer, "rate_per_s") : nil
        // The step that is nearest to what a plan would run at: below the answer.
        let preferred: [([String: String]) -> Bool] = [
            { $0["phase"] == "margin" }, { $0["decision"] == "pass" },
            { $0["phase"] == "sweep" && $0["decision"] == "fitted" },
            { $0["phase"] != "answer" && $0["decision"] == "inconclusive" },
        ]
        let step = preferred.lazy.compactMap { isMeant in rows.last(where: isMeant) }.first
        let seconds = { (name: String) in number(step, name).map { $0 / 1e6 } }
        responseMeanSeconds = seconds("response_mean_us")
        authorizeSeconds = seconds("authorize_p50_us")
        notifySeconds = seconds("notify_p50_us")
        gatewayCPUSeconds = seconds("gateway_cpu_us_per_upload")
        clientCPUSeconds = seconds("client_cpu_us_per_upload")
    }

    // MARK: What follows from the strategy (docs/strategies.md)

    private var strategy: Strategy? { Strategy(rawValue: scenario) }
    /// The API is on the way at all, rather than a local signer.
    private var usesAPI: Bool {
        authorizeSeconds != nil || notifySeconds != nil || strategy?.isProxy == true
    }

    /// Requests to the API per upload.
    var apiRequests: Int {
        guard usesAPI, let strategy else { return 0 }
        return strategy == .proxyJSON || strategy == .edgeRedirect ? 1 : 2
    }

    /// Time that an upload keeps a Lambda environment busy; at most, as the network is in it.
    var lambdaSeconds: Double? {
        guard usesAPI, let strategy else { return nil }
        switch strategy {
        case .proxyJSON: return responseMeanSeconds
        case .proxyBinary, .edgeRedirect: return notifySeconds
        default: return (authorizeSeconds ?? 0) + (notifySeconds ?? 0)
        }
    }

    /// Requests that S3 counts as writes; a multipart upload is created, sent in parts and completed.
    var storeWrites: Int {
        guard let strategy, strategy.isMultipart, let sizeBytes else { return 1 }
        return 2 + Int(max(1, (sizeBytes + partBytes - 1) / partBytes))
    }
}
