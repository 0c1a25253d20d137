/// What two runs are compared by.
enum GateMetric: String, CaseIterable, Sendable {
    case p50, p95, p99, goodput, errors, cpu
    case gatewayCPU = "gateway-cpu"
    case signing

    /// The API's CPU is left to those who ask for it: most targets do not tell it.
    static let defaults: [GateMetric] = [.p50, .p95, .p99, .goodput, .errors, .cpu, .signing]

    var title: String {
        switch self {
        case .p50, .p95, .p99: "response \(rawValue)"
        case .goodput: "goodput"
        case .errors: "errors"
        case .cpu: "CPU per upload"
        case .gatewayCPU: "gateway CPU"
        case .signing: "CPU per signature"
        }
    }

    /// The percentile of the response times, 0…100.
    var percentile: Double? {
        switch self {
        case .p50: 50
        case .p95: 95
        case .p99: 99
        default: nil
        }
    }

    /// With fewer uploads in a round the percentile would be their maximum.
    var uploadsNeeded: Int { percentile.map { Int((1 / (1 - $0 / 100)).rounded()) } ?? 1 }

    /// As a ratio: 0.05 is 5%.
    var defaultMargin: Double { self == .p95 || self == .p99 ? 0.10 : 0.05 }

    var isBetterWhenHigh: Bool { self == .goodput }

    /// Of a cell's row; nil where there is none or too few uploads for it.
    func value(_ cell: RecordedCell) -> Double? {
        guard cell.uploads >= uploadsNeeded else { return nil }
        switch self {
        case .p50: return cell.response.p50
        case .p95: return cell.response.p95
        case .p99: return cell.response.p99
        case .goodput: return cell.goodputBytesPerSecond
        case .cpu: return cell.clientCPUUsPerUpload
        case .gatewayCPU: return cell.gatewayCPUUsPerUpload
        case .errors, .signing: return nil
        }
    }

    func shown(_ value: Double) -> String {
        switch self {
        case .goodput: Readable.bytes(Int64(value)) + "/s"
        case .errors: Readable.percent(value)
        case .signing: Readable.number(value) + " ns"
        default: Readable.microseconds(value)
        }
    }

    /// `11.2% slower`, for a ratio of candidate to base.
    func change(_ ratio: Double) -> String {
        let amount = Readable.number(abs(ratio - 1) * 100) + "% "
        switch self {
        case .goodput: return amount + (ratio < 1 ? "less" : "more")
        case .p50, .p95, .p99: return amount + (ratio > 1 ? "slower" : "faster")
        default: return amount + (ratio > 1 ? "more" : "less")
        }
    }
}
