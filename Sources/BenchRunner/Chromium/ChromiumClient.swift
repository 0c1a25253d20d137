import Foundation
import Measure

/// Uploads through the gateway's page in a headless Chromium, one after the other.
final class ChromiumClient {
    private let process: ChromiumProcess
    private let pipe: DevToolsPipe
    private let page: String
    private let token: String?
    private let plan: RunPlan
    /// Of the cell whose connections are kept.
    private var tab: ChromiumTab?
    /// Preflights of all counted uploads, by strategy and size.
    private(set) var preflights: [ClientCell: Int] = [:]

    init(_ plan: RunPlan, _ target: RunTarget) throws(CommandError) {
        self.plan = plan
        token = target.apiToken
        // The page comes from the loopback's other name, so that the API is on another origin.
        page = (target.gatewayURL ?? "").replacingOccurrences(of: "127.0.0.1", with: "localhost")
        process = try ChromiumProcess(trustsAnyone: plan.client.isSecure)
        pipe = DevToolsPipe(process)
    }

    func stop() { process.stop() }

    /// Measures one cell. An upload that an interrupt cuts off is not in it.
    func measure(
        _ cell: Cell, _ writer: SampleWriter, runStartNs: Int64, link: String
    ) throws(CommandError) -> CellResult {
        var samples = SampleEncoder(
            cell: cell, runStartNs: runStartNs, choice: plan.samples, writer: writer)
        defer { samples.flush() }
        var measured = CellMeasurements()
        let startNs = monotonicNs()
        let startUnixUs = Int64(Date().timeIntervalSince1970 * 1e6)
        do throws(DevToolsPipe.Failure) {
            for number in 0..<uploads(of: cell) {
                let (sample, preflights) = try upload(cell, number: Int64(number))
                let size = cell.sizeBytes ?? 0
                samples.append(sample, sizeBytes: size)
                measured.record(sample, sizeBytes: size)
                measured.recordSecond(
                    sample, sizeBytes: size, cellStartNs: startNs, inFlight: 1)
                measured.recordRate(
                    sample, sizeBytes: size, window: startNs...max(startNs, sample.endedNs))
                self.preflights[ClientCell(cell), default: 0] += preflights
            }
            // As the model's, connections and kept preflights are those of one cell.
            try tab?.close()
            tab = nil
        } catch {
            switch error {
            // What was measured is kept.
            case .interrupted: break
            case .browser(let reason):
                throw CommandError(exitCode: .targetUnavailable, message: "chromium: \(reason)")
            }
        }
        measured.finish()
        var result = CellResult(
            cell: cell, load: plan.load(of: cell), link: link, measurements: measured,
            windowSeconds: Double(max(0, measured.lastEndedNs - startNs)) / 1e9, clientCPUNs: 0,
            // The browser's CPU time, and the gateway's for the page itself, are not an upload's.
            uploadsPaidFor: 0, isBeyondLimit: plan.isBeyondLimit(cell))
        result.startNs = startNs
        result.startUnixUs = startUnixUs
        return result
    }

    private func uploads(of cell: Cell) -> Int {
        if case .uploads(let count) = plan.extent(of: cell) { return count }
        return 1
    }

    private func upload(
        _ cell: Cell, number: Int64
    ) throws(DevToolsPipe.Failure) -> (sample: Sample, preflights: Int) {
        let isFresh = plan.client.connections == .fresh
        let tab = try openTab()
        self.tab = isFresh ? nil : tab
        try tab.makeFile(bytes: cell.sizeBytes ?? 0, seed: plan.seed)
        let measured = try tab.upload(cell.scenario, plan.client, number: number)
        if isFresh { try tab.close() }
        return measured
    }

    private func openTab() throws(DevToolsPipe.Failure) -> ChromiumTab {
        if let tab { return tab }
        return try ChromiumTab(pipe, page: page, token: token)
    }
}

/// What clients are compared by.
struct ClientCell: Hashable {
    let scenario: Strategy
    let sizeBytes: Int64?

    init(_ cell: Cell) {
        scenario = cell.scenario
        sizeBytes = cell.sizeBytes
    }
}
