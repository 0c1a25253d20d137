import Foundation
import Measure
import Testbed

/// One cell's result, as it stands in the files.
struct CellResult: Sendable {
    let cell: Cell
    let load: Load
    let link: String
    var measurements: CellMeasurements
    /// From the end of the warm-up to the end of the measuring window.
    let windowSeconds: Double
    /// User and system time of this process over the cell, warm-up included, and the uploads that
    /// it paid for.
    let clientCPUNs: Int64
    let uploadsPaidFor: Int
    /// Of the embedded gateway's thread over the cell, and the most bytes of bodies that it held.
    var gatewayCPUNs: Int64?
    var gatewayPeakBytes: Int64?
    /// What the embedded gateway's functions are billed for over the cell, warm-up included.
    var lambda: LambdaUse?
    /// What a million of these uploads cost at AWS; nil where something of it was not measured.
    var costPerMillion: Money?
    /// Is the size beyond what the strategy can carry, so that the cell shows its refusal?
    var isBeyondLimit = false
    /// Of the busiest worker thread: 1 is a thread that never waited.
    var clientBusyShare = 0.0
    /// Did something end the cell before its time or count was reached?
    var isCutOff = false
    /// The cell's start, CLOCK_MONOTONIC, and each upload in the order of the intended starts where
    /// that was asked for.
    var startNs: Int64 = 0
    /// The measuring window's start, in µs of Unix time.
    var startUnixUs: Int64?
    var times: [UploadTimes] = []

    var generator: GeneratorHealth {
        GeneratorHealth(load: load, measurements, busyShare: clientBusyShare)
    }

    var achievedPerSecond: Double? { perSecond(measurements.uploadsInWindow) }
    var goodputBytesPerSecond: Double? { perSecond(measurements.bytesInWindow) }
    var clientCPUUsPerUpload: Double? {
        uploadsPaidFor > 0 ? Double(clientCPUNs) / 1000 / Double(uploadsPaidFor) : nil
    }

    var gatewayCPUUsPerUpload: Double? {
        guard let gatewayCPUNs, uploadsPaidFor > 0 else { return nil }
        return Double(gatewayCPUNs) / 1000 / Double(uploadsPaidFor)
    }

    var lambdaInvocationsPerUpload: Double? { perUploadPaidFor(lambda?.invocations) }
    var lambdaBilledMsPerUpload: Double? { perUploadPaidFor(lambda?.billedMs) }

    private func perUploadPaidFor(_ count: Int64?) -> Double? {
        guard let count, uploadsPaidFor > 0 else { return nil }
        return Double(count) / Double(uploadsPaidFor)
    }

    private func perSecond(_ amount: Double) -> Double? {
        windowSeconds > 0 ? amount / windowSeconds : nil
    }
}

/// Writes each finished cell to the disk before the next one starts, and of the cell that is under way
/// each second that is over.
final class ResultsWriter {
    private let summary: ResultFile
    private let timeline: ResultFile
    private let histograms: ResultFile
    /// Of the cell that is under way.
    private var secondsWritten = 0

    /// - Parameter continues: writes behind what the files have.
    init(_ directory: ResultsDirectory, continues: Bool = false) throws(ResultsError) {
        let start = { (name: String, columns: [String]) throws(ResultsError) in
            continues
                ? try ResultFile(path: directory.file(name), continues: true)
                : try Self.start(name, columns, directory)
        }
        summary = try start("summary.csv", Columns.summary + Columns.appendedToSummary)
        timeline = try start("timeline.csv", Columns.timeline + Columns.appendedToTimeline)
        histograms = try start("histograms.csv", Columns.histograms)
    }

    /// The row in `summary.csv` comes last: a cell that has one is whole in the other files too.
    func append(_ result: CellResult) throws(ResultsError) {
        let seconds = result.measurements.timeline.seconds.dropFirst(secondsWritten)
        try append(Array(seconds), of: result.cell, result.load)
        try histograms.append(histogramRows(result))
        try summary.append(summaryRow(result))
        secondsWritten = 0
    }

    /// Seconds of the cell that is under way, which follow those of the last call.
    func append(
        _ seconds: [Timeline.Second], of cell: Cell, _ load: Load
    ) throws(ResultsError) {
        guard !seconds.isEmpty else { return }
        try timeline.append(timelineRows(seconds, cell, load))
        secondsWritten += seconds.count
    }

    func finish() throws(ResultsError) {
        try summary.close()
        try timeline.close()
        try histograms.close()
    }

    private static func start(
        _ name: String, _ columns: [String], _ directory: ResultsDirectory
    ) throws(ResultsError) -> ResultFile {
        let file = try ResultFile(path: directory.file(name))
        var header = CSVEncoder()
        columns.forEach { header.field($0) }
        header.endRow()
        try file.append(header.bytes)
        return file
    }

    private func summaryRow(_ result: CellResult) -> [UInt8] {
        let counted = result.measurements
        let all = counted.uploads + counted.errors
        let perUpload = { (amount: Double) in all > 0 ? amount / Double(all) : nil }
        let response = counted[.response]
        var row = CSVEncoder()
        row.field(result.cell.scenario.rawValue)
        row.field(result.cell.sizeBytes)
        row.field(result.link)
        row.field(result.load.modelName)
        row.field(result.load.clients)
        row.field(result.load.ratePerSecond, places: 3)
        row.field(result.cell.round)
        row.field(counted.uploads)
        row.field(counted.errors)
        row.field(result.achievedPerSecond, places: 3)
        row.field(result.goodputBytesPerSecond, places: 0)
        row.field(counted.knowsWireBytes ? perUpload(Double(counted.wireBytes)) : nil, places: 1)
        row.field(perUpload(Double(counted.requests)), places: 3)
        row.field(response.meanUs, places: 1)
        row.field(response.isEmpty ? nil : response.minimumUs)
        for percentile in [50, 90, 95, 99, 99.9] {
            row.field(response.valueUs(atPercentile: percentile))
        }
        row.field(response.isEmpty ? nil : response.maximumUs)
        row.field(counted[.service].valueUs(atPercentile: 50))
        row.field(counted[.service].valueUs(atPercentile: 99))
        for metric in [Metric.authorize, .upload, .notify] {
            row.field(counted[metric].valueUs(atPercentile: 50))
        }
        row.field(result.generator.lagP99Us)
        row.field(result.clientCPUUsPerUpload, places: 1)
        row.field(result.gatewayCPUUsPerUpload, places: 1)
        row.field(result.gatewayPeakBytes)
        row.field(result.costPerMillion?.decimal(places: 6) ?? "")
        row.field(result.load.open == nil ? nil : counted.overflow)
        row.field(result.generator.isLimit ? 1 : 0)
        row.field(result.clientBusyShare, places: 3)
        row.field(result.startUnixUs)
        row.field(result.windowSeconds * 1e6, places: 0)
        row.field(result.lambdaInvocationsPerUpload, places: 3)
        row.field(result.lambdaBilledMsPerUpload, places: 3)
        row.field(result.isCutOff ? 1 : 0)
        row.endRow()
        return row.bytes
    }

    private func timelineRows(
        _ seconds: [Timeline.Second], _ cell: Cell, _ load: Load
    ) -> [UInt8] {
        var rows = CSVEncoder()
        for (index, second) in seconds.enumerated() {
            identify(cell, &rows)
            rows.field(secondsWritten + index)
            rows.field(second.uploads)
            rows.field(second.errors)
            rows.field(second.bytes)
            let percentiles = second.responseUs(atPercentiles: [50, 99])
            rows.field(percentiles.first)
            rows.field(percentiles.last)
            rows.field(second.inFlight)
            rows.field(load.open == nil ? nil : second.overflow)
            rows.endRow()
        }
        return rows.bytes
    }

    private func histogramRows(_ result: CellResult) -> [UInt8] {
        var rows = CSVEncoder()
        for metric in Metric.allCases where metric != .scheduleLag || result.load.open != nil {
            for bucket in result.measurements[metric].buckets {
                identify(result.cell, &rows)
                rows.field(metric.rawValue)
                rows.field(bucket.lowestUs)
                rows.field(bucket.highestUs)
                rows.field(Int64(bucket.count))
                rows.endRow()
            }
        }
        return rows.bytes
    }

    private func identify(_ cell: Cell, _ rows: inout CSVEncoder) {
        rows.field(cell.scenario.rawValue)
        rows.field(cell.sizeBytes)
        rows.field(cell.round)
    }
}
