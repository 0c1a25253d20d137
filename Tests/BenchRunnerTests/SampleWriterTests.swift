import CLinux
import Foundation
import Measure
import Testing

@testable import BenchRunner

@Suite struct SampleWriterTests {
    private let cell = Cell(scenario: .presignedPut, sizeBytes: 1024, round: 1)

    private func path() -> String { NSTemporaryDirectory() + "samples-\(UUID().uuidString)" }

    @Test func `a disk that takes nothing costs rows, which are counted, and no worker's time`()
        throws
    {
        // A pipe that nobody reads is a disk that has stopped.
        let path = path()
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        let writer = try SampleWriter(
            ResultFile(path: path, descriptor: open(path, O_WRONLY)))
        let row = Array("0123456,\n".utf8)
        let block = Array(repeating: row, count: SampleWriter.blockBytes / row.count).flatMap { $0 }
        let rowsPerBlock = block.count / row.count
        let blocks = SampleWriter.maximumBlocksWaiting + 40
        for _ in 0..<blocks { writer.append(block, rows: rowsPerBlock) }
        // The pipe itself takes what fits: a block or two.
        let dropped = writer.droppedRows
        #expect(dropped > 0 && dropped <= 40 * rowsPerBlock)

        var received = 0
        let isRead = DispatchSemaphore(value: 0)
        _ = fcntl(reader, F_SETFL, 0)
        nonisolated(unsafe) var total = 0
        Thread.detachNewThread {
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while case let count = read(reader, &buffer, buffer.count), count > 0 { total += count }
            isRead.signal()
        }
        try writer.finish()
        isRead.wait()
        received = total
        close(reader)
        let columns = Columns.samples + Columns.appendedToSamples
        let header = columns.joined(separator: ",").utf8.count + 1
        #expect((received - header) / row.count + dropped == blocks * rowsPerBlock)
    }

    @Test func `errors, none, all, and one in N by the seed`() {
        func count(_ choice: SampleChoice, failing: Bool) -> Int {
            (0..<10_000).count { upload in
                var sample = Sample()
                sample.upload = Int64(upload)
                sample.outcome = failing ? .refused : .success
                return choice.takes(sample)
            }
        }
        #expect(count(.all, failing: false) == 10_000)
        #expect(count(.none, failing: true) == 0)
        #expect(count(.errors, failing: true) == 10_000)
        #expect(count(.errors, failing: false) == 0)
        let tenth = count(.oneIn(10, seed: 1), failing: false)
        // Five standard errors of a binomial count.
        #expect(abs(tenth - 1000) < 150)
        #expect(count(.oneIn(10, seed: 1), failing: true) == tenth)
        #expect(count(.oneIn(10, seed: 2), failing: false) != tenth)
    }

    @Test func `an upload that never started has empty times`() throws {
        let path = path()
        defer { unlink(path) }
        let writer = try SampleWriter(path: path)
        var encoder = SampleEncoder(cell: cell, runStartNs: 0, choice: .all, writer: writer)
        var sample = Sample()
        sample.intendedNs = 5_000_000
        sample.outcome = .overflow
        encoder.append(sample, sizeBytes: 1024)
        encoder.flush()
        try writer.finish()
        let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
        let table = try CSVDecoder(bytes)
        let row = Dictionary(
            uniqueKeysWithValues: zip(table.header, try #require(table.rows.first)))
        #expect(row["intended_us"] == "5000")
        for name in ["started_us", "ended_us", "response_us", "service_us"] {
            #expect(row[name] == "")
        }
        #expect(row["outcome"] == "overflow")
    }

    @Test func `a target cannot fill the memory with error codes of its own`() {
        var measured = CellMeasurements()
        for number in 0..<1000 {
            var sample = Sample()
            sample.outcome = .refused
            sample.httpStatus = 400
            sample.errorCode = "Code\(number)"
            measured.record(sample, sizeBytes: 1)
        }
        #expect(measured.failures.count <= 101)
        #expect(measured.failures.values.reduce(0, +) == 1000)
    }

    @Test func `packed measurements merge like others, and others into them`() {
        func measured(_ serviceUs: Range<Int64>, packs: Bool) -> CellMeasurements {
            var measured = CellMeasurements()
            for time in serviceUs {
                var sample = Sample()
                sample.endedNs = time * 1000
                measured.record(sample, sizeBytes: 1)
            }
            if packs { measured.pack() }
            return measured
        }
        for (first, second) in [(true, true), (true, false), (false, true)] {
            var merged = measured(1..<500, packs: first)
            merged.merge(measured(500..<1000, packs: second))
            #expect(merged[.response] == measured(1..<1000, packs: false)[.response])
            #expect(merged.uploads == 999)
        }
    }
}
