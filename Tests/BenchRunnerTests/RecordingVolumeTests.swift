import Foundation
import Measure
import Testing

@testable import BenchRunner

/// `make soak` runs it with 100 million samples (`SAMPLE_COUNT`) in a process of its own, and reads
/// what it took from the file `SAMPLE_REPORT`.
@Suite struct RecordingVolumeTests {
    /// Response times run evenly over 1...span µs, in an order without pattern: their percentiles
    /// follow by arithmetic.
    private static let span: Int64 = 1_000_003
    private static let step: Int64 = 7_919
    private static let samplesBetweenFlushes: Int64 = 40_000

    private static func responseUs(_ index: Int64) -> Int64 { 1 + index % span * step % span }

    private static func sample(_ index: Int64) -> Sample {
        var sample = Sample()
        sample.upload = index
        sample.isWarmup = false
        sample.intendedNs = index * 10_000
        sample.startedNs = sample.intendedNs
        sample.endedNs = sample.startedNs + responseUs(index) * 1000
        sample.httpStatus = 200
        sample.bytesSent = 1024
        return sample
    }

    @Test func `the recording path keeps every sample, in memory that does not grow with them`()
        throws
    {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["SAMPLE_COUNT"].flatMap(Int64.init) ?? 100_000
        let path = NSTemporaryDirectory() + "volume-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let peakBefore = try peakKiB()

        let recordStart = monotonicNs()
        let measured = try record(count, path + "/samples.csv")
        let readStart = monotonicNs()
        #expect(measured.uploads == Int(count))
        try expectEven(measured[.response], count)
        try expectRows(count, path + "/samples.csv")
        let end = monotonicNs()

        guard let report = environment["SAMPLE_REPORT"] else { return }
        let growth = try peakKiB() - peakBefore
        // What may wait for the disk is 16 MiB; the timeline has 8 bytes per bucket and second.
        #expect(growth < 256 * 1024)
        let size = try FileManager.default.attributesOfItem(atPath: path + "/samples.csv")[.size]
        let figures: [String: Any] = [
            "record_ns": Double(readStart - recordStart) / Double(count),
            "read_ns": Double(end - readStart) / Double(count),
            "file_bytes": size ?? 0, "peak_growth_kib": growth,
        ]
        try JSONSerialization.data(withJSONObject: figures).write(
            to: URL(fileURLWithPath: report))
    }

    private func record(_ count: Int64, _ path: String) throws -> CellMeasurements {
        let cell = Cell(scenario: .presignedPut, sizeBytes: 1024, round: 1)
        let writer = try SampleWriter(path: path)
        var encoder = SampleEncoder(cell: cell, runStartNs: 0, writer: writer)
        var measured = CellMeasurements()
        for index in 0..<count {
            let sample = Self.sample(index)
            measured.record(sample, sizeBytes: 1024)
            measured.recordRate(sample, sizeBytes: 1024, window: 0...Int64.max)
            measured.recordSecond(sample, sizeBytes: 1024, cellStartNs: 0, inFlight: 1)
            encoder.append(sample, sizeBytes: 1024)
            // Workers never wait for the disk; here nothing is to be dropped.
            if index % Self.samplesBetweenFlushes == 0 { try writer.flush() }
        }
        encoder.flush()
        try writer.finish()
        measured.finish()
        #expect(writer.droppedRows == 0)
        return measured
    }

    /// The histogram has three significant digits.
    private func expectEven(_ response: Histogram, _ count: Int64) throws {
        for percentile in [50.0, 90, 99] {
            let value = try #require(response.valueUs(atPercentile: percentile))
            let exact = exactUs(percentile, count)
            #expect(abs(Double(value) / exact - 1) < 0.002, "p\(percentile)")
        }
    }

    /// By sorting, where the samples are fewer than a whole turn through the span.
    private func exactUs(_ percentile: Double, _ count: Int64) -> Double {
        guard count < Self.span else { return Double(Self.span) * percentile / 100 }
        let sorted = (0..<count).map(Self.responseUs).sorted()
        return Double(sorted[Int(Double(count) * percentile / 100)])
    }

    private func expectRows(_ count: Int64, _ path: String) throws {
        let samples = try RecordedSamples(path: path)
        var (rows, wrong): (Int64, Int64) = (0, 0)
        while let sample = try samples.next() {
            if sample.responseUs != Self.responseUs(sample.upload) || sample.upload != rows {
                wrong += 1
            }
            rows += 1
        }
        #expect(rows == count)
        #expect(wrong == 0)
    }

    private func peakKiB() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").compactMap { Int($0) }.first)
    }
}
