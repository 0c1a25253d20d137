import Measure
import Testing

@testable import BenchRunner

struct ClientComparisonTests {
    /// One upload per response time.
    private static func cell(
        _ responsesMs: [Int64], requests: Int, outcome: Outcome = .success
    ) -> CellResult {
        var measured = CellMeasurements()
        for ms in responsesMs {
            var sample = Sample()
            sample.endedNs = ms * 1_000_000
            sample.requests = requests
            sample.outcome = outcome
            measured.record(sample, sizeBytes: 65_536)
        }
        return CellResult(
            cell: Cell(scenario: .presignedPut, sizeBytes: 65_536, round: 1),
            load: Load(model: .closed(clients: 1), extent: .uploads(1), warmup: .zero),
            link: "loopback", measurements: measured, windowSeconds: 1, clientCPUNs: 0,
            uploadsPaidFor: 0)
    }

    private static func compare(
        native: CellResult, modelled: CellResult, real: CellResult, preflights: Int
    ) -> ClientComparison {
        ClientComparison(
            native: [native], modelled: [modelled], real: [real],
            preflights: [ClientCell(real.cell): preflights])
    }

    @Test func `the model's preflights are what it sends more than the native client`() throws {
        let comparison = Self.compare(
            native: Self.cell([10], requests: 3), modelled: Self.cell([20], requests: 6),
            real: Self.cell([30, 30], requests: 6), preflights: 6)
        let row = try #require(comparison.rows.first)
        #expect(row.modelledPreflights == 3)
        #expect(row.realPreflights == 3)
        let ratio = try #require(row.responseRatio)
        #expect(abs(ratio - 1.5) < 0.01)
    }

    @Test func `failed uploads leave the model's preflights unknown`() throws {
        let comparison = Self.compare(
            native: Self.cell([10], requests: 1, outcome: .refused),
            modelled: Self.cell([20], requests: 6), real: Self.cell([30], requests: 6),
            preflights: 3)
        #expect(try #require(comparison.rows.first).modelledPreflights == nil)
    }

    @Test func `counts that differ are shown both`() throws {
        let comparison = Self.compare(
            native: Self.cell([10], requests: 3), modelled: Self.cell([20], requests: 5),
            real: Self.cell([20], requests: 6), preflights: 3)
        let line = try #require(comparison.lines.last)
        #expect(line.contains("5 modelled, 6 real"))
        #expect(line.contains("2 modelled, 3 real"))
    }

    @Test func `an empty run has a header only`() {
        let nothing = ClientComparison(native: [], modelled: [], real: [], preflights: [:])
        #expect(nothing.rows.isEmpty)
        #expect(String(decoding: nothing.csv, as: UTF8.self).split(separator: "\n").count == 1)
    }
}
