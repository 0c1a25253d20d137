import Foundation
import Measure
import Testing

@testable import BenchRunner

@Suite struct ResultsTests {
    private func folder() -> String { NSTemporaryDirectory() + "results-\(UUID().uuidString)" }

    @Test func `the folder of another run is not written into`() throws {
        let path = folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let directory = try ResultsDirectory(requested: path, name: "run", startedAt: Date())
        try directory.replace("run.json", with: [0x7B, 0x7D])
        #expect(throws: ResultsError.self) {
            try ResultsDirectory(requested: path, name: "run", startedAt: Date())
        }
    }

    @Test func `a cell's rows hold what was recorded, and nothing that was not`() throws {
        let path = folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let directory = try ResultsDirectory(requested: path, name: "run", startedAt: Date())
        let writer = try ResultsWriter(directory)
        try writer.append(Self.result(latenciesMs: [10, 20, 30], failures: 2))
        try writer.finish()
        let summary = try Self.read(directory.file("summary.csv"))
        #expect(summary.header == Columns.summary + Columns.appendedToSummary)
        let row = Dictionary(uniqueKeysWithValues: zip(summary.header, summary.rows[0]))
        #expect(row["uploads"] == "3")
        #expect(row["errors"] == "2")
        #expect(row["response_p50_us"] == "20015")
        #expect(row["response_min_us"] == "10000")
        #expect(row["authorize_p50_us"] == "")
        #expect(row["rate_per_s"] == "")
        #expect(row["gateway_cpu_us_per_upload"] == "")
        let histograms = try Self.read(directory.file("histograms.csv"))
        #expect(
            histograms.rows.filter { $0[3] == "response" }.compactMap { Int($0[6]) } == [1, 1, 1])
        let timeline = try Self.read(directory.file("timeline.csv"))
        #expect(timeline.rows.count == 1)
        #expect(timeline.rows[0][4...5] == ["3", "2"])
    }

    @Test func `the best value of a column stands out, a tie and a single row do not`() {
        let put = Self.result(scenario: .presignedPut, latenciesMs: [10, 10, 10])
        let post = Self.result(scenario: .presignedPost, latenciesMs: [20, 20, 20])
        let table = ComparisonTable(comparison: Comparison([put, post]), usesColor: false)
        let lines = table.text(.table).split(separator: "\n")
        #expect(lines[1].hasPrefix("presigned-put"))
        #expect(lines[1].contains("10.0 ms*"))
        #expect(!lines[2].contains("20.0 ms*"))
        let alone = ComparisonTable(comparison: Comparison([put]), usesColor: false)
        #expect(!alone.text(.table).contains("*"))
    }

    @Test func `rounds are merged by their counts and not by averaging percentiles`() throws {
        let comparison = Comparison([
            Self.result(latenciesMs: Array(repeating: 10, count: 99), round: 1),
            Self.result(latenciesMs: [1000], round: 2),
        ])
        let row = try #require(comparison.rows.first)
        let p50 = try #require(row.responseUs(50))
        #expect((10_000...10_010).contains(p50))
    }

    @Test func `how long failures took is told apart from the successes`() throws {
        let result = Self.result(latenciesMs: Array(repeating: 10, count: 99), failures: 1)
        #expect(result.measurements[.response].totalCount == 99)
        #expect(result.measurements[.failed].totalCount == 1)
        let row = try #require(Comparison([result]).rows.first)
        #expect(row.responseUs(95) ?? 0 < 11_000)
        #expect(
            FailureLine.lines(row) == [
                "presigned-put 1000 B: 1 × refused",
                "presigned-put 1000 B: failed after 5.00 s (median), 5.00 s (longest)",
            ])
    }

    static func result(
        scenario: Strategy = .presignedPut, latenciesMs: [Int64], failures: Int = 0, round: Int = 1
    ) -> CellResult {
        var measurements = CellMeasurements()
        let samples =
            latenciesMs.map { sample(latencyNs: $0 * 1_000_000, outcome: .success) }
            + (0..<failures).map { _ in sample(latencyNs: 5_000_000_000, outcome: .refused) }
        for sample in samples {
            measurements.record(sample, sizeBytes: 1000)
            var early = sample
            early.endedNs = min(sample.endedNs, 900_000_000)
            measurements.recordSecond(early, sizeBytes: 1000, cellStartNs: 0, inFlight: 1)
        }
        measurements.finish()
        return CellResult(
            cell: Cell(scenario: scenario, sizeBytes: 1000, round: round),
            load: Load(model: .closed(clients: 1), extent: .duration(.seconds(1)), warmup: .zero),
            link: "loopback", measurements: measurements, windowSeconds: 1, clientCPUNs: 1000,
            uploadsPaidFor: samples.count)
    }

    private static func sample(latencyNs: Int64, outcome: Outcome) -> Sample {
        var sample = Sample()
        sample.endedNs = latencyNs
        sample.outcome = outcome
        return sample
    }

    private static func read(_ path: String) throws -> CSVDecoder {
        try CSVDecoder([UInt8](try #require(FileManager.default.contents(atPath: path))))
    }
}
