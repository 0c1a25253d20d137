import Measure

/// Renders samples as rows of `samples.csv`; one per worker.
struct SampleEncoder {
    private let cell: Cell
    private let runStartNs: Int64
    private var rows = CSVEncoder()
    private let writer: SampleWriter?
    private let choice: SampleChoice
    private var rowCount = 0
    /// The first fields of a row, which those of one size share.
    private var opening: (sizeBytes: Int64, fields: [UInt8]) = (-1, [])

    init(cell: Cell, runStartNs: Int64, choice: SampleChoice = .all, writer: SampleWriter?) {
        self.cell = cell
        self.runStartNs = runStartNs
        self.choice = choice
        self.writer = writer
        if writer != nil { rows.reserve(SampleWriter.blockBytes + 512) }
    }

    mutating func append(_ sample: Sample, sizeBytes: Int64) {
        guard writer != nil, choice.takes(sample) else { return }
        if opening.sizeBytes != sizeBytes { open(sizeBytes) }
        rows.fields(opening.fields)
        rows.field(sample.upload)
        rows.field(sample.worker)
        rows.field(sample.isWarmup ? 1 : 0)
        // One that never started has only the time at which it came.
        let hasStarted = sample.outcome != .overflow
        rows.field((sample.intendedNs - runStartNs) / 1000)
        rows.field(hasStarted ? (sample.startedNs - runStartNs) / 1000 : nil)
        rows.field(hasStarted ? (sample.endedNs - runStartNs) / 1000 : nil)
        rows.field(hasStarted ? sample.responseNs / 1000 : nil)
        rows.field(hasStarted ? sample.serviceNs / 1000 : nil)
        // One by one: a list of them would be made on the heap for each row.
        rows.microseconds(sample.authorizeNs)
        rows.microseconds(sample.uploadNs)
        rows.microseconds(sample.notifyNs)
        rows.microseconds(sample.connectNs)
        rows.microseconds(sample.tlsNs)
        rows.microseconds(sample.sendNs)
        rows.microseconds(sample.waitNs)
        rows.field(sample.outcome.rawValue)
        rows.field(sample.httpStatus)
        rows.field(sample.errorCode)
        rows.field(sample.retries)
        rows.field(sample.knowsWireBytes ? sample.bytesSent : nil)
        rows.field(sample.knowsWireBytes ? sample.bytesReceived : nil)
        rows.field(sample.requests)
        rows.endRow()
        rowCount += 1
        if rows.bytes.count >= SampleWriter.blockBytes { flush() }
    }

    private mutating func open(_ sizeBytes: Int64) {
        var fields = CSVEncoder()
        fields.field(cell.scenario.rawValue)
        fields.field(sizeBytes)
        fields.field(cell.round)
        opening = (sizeBytes, fields.take())
    }

    mutating func flush() {
        guard !rows.bytes.isEmpty else { return }
        writer?.append(rows.take(), rows: rowCount)
        rowCount = 0
        rows.reserve(SampleWriter.blockBytes + 512)
    }
}

extension CSVEncoder {
    fileprivate mutating func microseconds(_ nanoseconds: Int64?) {
        field(nanoseconds.map { $0 / 1000 })
    }
}
