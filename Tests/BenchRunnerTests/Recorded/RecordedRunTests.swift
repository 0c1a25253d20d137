import Foundation
import Measure
import Testing

@testable import BenchRunner

@Suite struct RecordedRunTests {
    /// A folder as a run leaves it: two rounds of one cell.
    private func recorded(_ edit: (String) throws -> Void) throws -> RecordedRun {
        let path = NSTemporaryDirectory() + "recorded-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let directory = try ResultsDirectory(requested: path, name: "run", startedAt: Date())
        let writer = try ResultsWriter(directory)
        for round in 1...2 {
            try writer.append(
                ResultsTests.result(latenciesMs: [10, 20, 30], failures: 1, round: round))
        }
        try writer.finish()
        try Self.write(
            #"{"schema_version": 1, "tool": "uploadbench 0", "status": "complete", "#
                + #""started_at": "2026-01-01T00:00:00Z", "seed": 18446744073709551615, "plan": {}}"#,
            path + "/run.json")
        try edit(path)
        return try RecordedRun(path)
    }

    private static func write(_ text: String, _ path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func error(_ edit: (String) throws -> Void) throws -> RecordedError {
        do {
            _ = try recorded(edit)
        } catch let error as RecordedError {
            return error
        }
        Issue.record("the damage was not seen")
        return RecordedError(path: "", reason: "")
    }

    private static func replace(_ old: String, _ new: String, _ path: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let edited = text.replacingOccurrences(of: old, with: new)
        #expect(edited != text, "the edit changes something")
        try write(edited, path)
    }

    @Test func `what a run wrote is read back`() throws {
        var histograms: [RoundKey: Histogram] = [:]
        var seconds: [RecordedSecond] = []
        let run = try recorded { path in
            let run = try RecordedRun(path)
            histograms = try run.histograms(of: .response)
            seconds = try run.timeline()
        }
        #expect(run.record.isComplete)
        #expect(run.record.seed == .max)
        #expect(run.cells.map(\.round) == [1, 2])
        let cell = try #require(run.cells.first)
        #expect((cell.scenario, cell.sizeBytes, cell.uploads, cell.errors).0 == "presigned-put")
        #expect((cell.uploads, cell.errors) == (3, 1))
        #expect(cell.response.p50 == 20_015)
        #expect(cell.authorizeP50Us == nil)
        let histogram = try #require(histograms[cell.roundKey])
        #expect(histogram.totalCount == 3)
        #expect(histogram.valueUs(atPercentile: 50) == 20_015)
        #expect(seconds.map(\.uploads) == [3, 3])
    }

    @Test func `columns that a later version appends are accepted`() throws {
        let run = try recorded { path in
            let file = path + "/summary.csv"
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            let longer = lines.enumerated().map { $1 + ($0 == 0 ? ",new_column" : ",7") }
            try Self.write(longer.joined(separator: "\n") + "\n", file)
        }
        #expect(run.cells.count == 2)
    }

    @Test func `a truncated file is refused with its line`() throws {
        let error = try error { path in
            let file = path + "/summary.csv"
            let text = try String(contentsOfFile: file, encoding: .utf8)
            try Self.write(String(text.dropLast(5)), file)
        }
        #expect(error.path.hasSuffix("/summary.csv"))
        #expect(error.line == 3)
        #expect(error.reason.contains("truncated"))
    }

    @Test func `an edited value is refused with line and column`() throws {
        let error = try error { try Self.replace(",20015,", ",fast,", $0 + "/summary.csv") }
        #expect((error.line, error.column).0 == 2)
        #expect(error.column == "response_p50_us")
        #expect(error.description.contains("summary.csv, line 2, column response_p50_us: 'fast'"))
    }

    @Test func `a foreign header is refused with the first column that differs`() throws {
        let error = try error {
            try Self.replace("size_bytes,link", "bytes,link", $0 + "/summary.csv")
        }
        #expect((error.line, error.column).0 == 1)
        #expect(error.column == "size_bytes")
    }

    @Test func `a row that stands twice is refused`() throws {
        let error = try error { path in
            let text = try String(contentsOfFile: path + "/summary.csv", encoding: .utf8)
            let last = text.split(separator: "\n").last ?? ""
            try Self.write(text + last + "\n", path + "/summary.csv")
        }
        #expect((error.line, error.column).0 == 4)
        #expect(error.reason.contains("twice"))
    }

    @Test func `a newer schema and a broken record are refused`() throws {
        let newer = try error {
            try Self.replace("\"schema_version\": 1", "\"schema_version\": 9", $0 + "/run.json")
        }
        #expect(newer.column == "schema_version")
        let broken = try error {
            try Self.replace("\"plan\": {}}", "\"plan\": {", $0 + "/run.json")
        }
        #expect(broken.reason.contains("not valid JSON"))
        #expect(broken.commandError.exitCode == .failure)
    }

    @Test func `an absent folder leaves nothing to compare with`() {
        #expect {
            try RecordedRun("/nowhere")
        } throws: {
            ($0 as? RecordedError)?.commandError.exitCode == .nothingToCompare
        }
    }

    @Test func `a bucket that the layout does not have is refused`() throws {
        _ = try recorded { path in
            let file = path + "/histograms.csv"
            try Self.replace(",20000,20015,", ",20000,20014,", file)
            let run = try RecordedRun(path)
            #expect(throws: RecordedError.self) { try run.histograms(of: .response) }
        }
    }

    @Test func `samples are read back one by one`() throws {
        _ = try recorded { path in
            let writer = try SampleWriter(path: path + "/samples.csv")
            var encoder = SampleEncoder(
                cell: Cell(scenario: .presignedPut, sizeBytes: 5, round: 2), runStartNs: 1000,
                writer: writer)
            var sample = Sample()
            (sample.intendedNs, sample.startedNs, sample.endedNs) = (2000, 3000, 9000)
            (sample.outcome, sample.errorCode) = (.refused, "AccessDenied")
            sample.httpStatus = 403
            sample.sendNs = 4000
            encoder.append(sample, sizeBytes: 5)
            encoder.flush()
            try writer.finish()
            let samples = try RecordedRun(path).samples()
            let read = try #require(try samples.next())
            #expect((read.intendedUs, read.startedUs, read.endedUs) == (1, 2, 8))
            #expect((read.responseUs, read.serviceUs, read.sendUs) == (7, 6, 4))
            #expect((read.connectUs, read.httpStatus) == (nil, 403))
            #expect((read.outcome, read.errorCode) == (.refused, "AccessDenied"))
            #expect(try samples.next() == nil)
            try Self.replace(",refused,", ",fine,", path + "/samples.csv")
            let edited = try RecordedRun(path).samples()
            #expect(throws: RecordedError.self) { try edited.next() }
        }
    }
}
