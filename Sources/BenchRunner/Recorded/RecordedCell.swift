import Measure

/// What distinguishes cells, apart from their round.
struct CellKey: Hashable, Sendable {
    let scenario: String
    /// nil where the files differ in size.
    let sizeBytes: Int64?
    let link: String
    let model: String
    let concurrency: Int?
    let ratePerSecond: Double?

    /// Strategy and size, for people.
    var title: String { "\(scenario) \(sizeBytes.map { Readable.bytes($0) } ?? "files")" }
}

/// A row of `summary.csv`; nil is an empty field.
struct RecordedCell: Sendable {
    let key: CellKey
    let round: Int
    let uploads: Int
    let errors: Int
    let achievedPerSecond: Double?
    let goodputBytesPerSecond: Double?
    let wireBytesPerUpload: Double?
    let requestsPerUpload: Double?
    let response: ResponseTimes
    let serviceP50Us: Double?
    let serviceP99Us: Double?
    let authorizeP50Us: Double?
    let uploadP50Us: Double?
    let notifyP50Us: Double?
    let scheduleLagP99Us: Double?
    let clientCPUUsPerUpload: Double?
    let gatewayCPUUsPerUpload: Double?
    let gatewayPeakBytes: Int64?
    let costUSDPerMillion: Double?
    /// nil also in results of versions that did not write it.
    let lambdaBilledMsPerUpload: Double?
    /// Uploads of the open model that were not started; nil in the closed one.
    let overflow: Int?
    /// Of the busiest client thread, 0…1; nil in files of versions that did not measure it.
    let clientBusyShare: Double?
    /// Was the generator and not the target at its limit? False in files that do not say.
    let isGeneratorLimited: Bool
    /// Was the cell ended before its time or count was reached?
    let isCutOff: Bool
    /// Of the file, for messages.
    let line: Int

    var scenario: String { key.scenario }
    var sizeBytes: Int64? { key.sizeBytes }

    /// Response times in µs.
    struct ResponseTimes: Sendable {
        let mean, minimum, p50, p90, p95, p99, p999, maximum: Double?
    }

    static func all(
        _ path: String, toleratesTornEnd: Bool = false
    ) throws(RecordedError) -> [RecordedCell] {
        let table = try RecordedTable(
            path: path, columns: Columns.summary, toleratesTornEnd: toleratesTornEnd)
        var cells: [RecordedCell] = []
        var seen: Set<String> = []
        while try table.advance() {
            let cell = try RecordedCell(table)
            let identity = "\(cell.key)\(cell.round)"
            guard seen.insert(identity).inserted else {
                throw RecordedError(
                    path: path, line: cell.line, column: "round",
                    reason: "round \(cell.round) of \(cell.key.title) stands here twice")
            }
            cells.append(cell)
        }
        return cells
    }

    private init(_ table: RecordedTable) throws(RecordedError) {
        line = table.line
        key = CellKey(
            scenario: try table.name(), sizeBytes: try table.optionalInteger(),
            link: try table.text(), model: try table.name(),
            concurrency: try table.optionalInteger().map(Int.init),
            ratePerSecond: try table.optionalDecimal())
        round = try table.count(from: 1)
        uploads = try table.count()
        errors = try table.count()
        achievedPerSecond = try table.optionalDecimal()
        goodputBytesPerSecond = try table.optionalDecimal()
        wireBytesPerUpload = try table.optionalDecimal()
        requestsPerUpload = try table.optionalDecimal()
        response = ResponseTimes(
            mean: try table.optionalDecimal(), minimum: try table.optionalDecimal(),
            p50: try table.optionalDecimal(), p90: try table.optionalDecimal(),
            p95: try table.optionalDecimal(), p99: try table.optionalDecimal(),
            p999: try table.optionalDecimal(), maximum: try table.optionalDecimal())
        serviceP50Us = try table.optionalDecimal()
        serviceP99Us = try table.optionalDecimal()
        authorizeP50Us = try table.optionalDecimal()
        uploadP50Us = try table.optionalDecimal()
        notifyP50Us = try table.optionalDecimal()
        scheduleLagP99Us = try table.optionalDecimal()
        clientCPUUsPerUpload = try table.optionalDecimal()
        gatewayCPUUsPerUpload = try table.optionalDecimal()
        gatewayPeakBytes = try table.optionalInteger()
        costUSDPerMillion = try table.optionalDecimal()
        lambdaBilledMsPerUpload =
            table.move(to: "lambda_billed_ms_per_upload") ? try table.optionalDecimal() : nil
        overflow =
            table.move(to: "overflow") ? try table.optionalInteger().map(Int.init) : nil
        clientBusyShare =
            table.move(to: "client_busy_share") ? try table.optionalDecimal() : nil
        isGeneratorLimited =
            table.move(to: "generator_limited") ? try table.optionalInteger() == 1 : false
        isCutOff = table.move(to: "cut_off") ? try table.optionalInteger() == 1 : false
    }
}
