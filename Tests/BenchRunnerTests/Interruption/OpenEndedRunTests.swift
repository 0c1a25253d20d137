import Foundation
import Measure
import Testing

@testable import BenchRunner

/// Directories as a process leaves them that was killed in the middle of its second cell.
@Suite struct OpenEndedRunTests {
    private let path = NSTemporaryDirectory() + "open-ended-\(UUID().uuidString)"

    /// - Parameters:
    ///   - end: members of `run.json` that say how it ended.
    ///   - edit: further damage.
    private func run<Value>(
        _ end: String = #""status": "partial""#, edit: (String) throws -> Void = { _ in },
        _ use: (RecordedRun) throws -> Value
    ) throws -> Value {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let directory = try ResultsDirectory(requested: path, name: "run", startedAt: Date())
        let writer = try ResultsWriter(directory)
        let whole = ResultsTests.result(latenciesMs: [10, 20, 30], failures: 1, round: 1)
        try writer.append(whole)
        let open = ResultsTests.result(latenciesMs: [40, 50], failures: 0, round: 2)
        try writer.append(open.measurements.timeline.seconds, of: open.cell, open.load)
        try writer.finish()
        let text =
            #"{"schema_version": 1, "tool": "uploadbench 0", "started_at": "2026-01-01T00:00:00Z", "#
            + #""plan": {}, \#(end)}"#
        try text.write(toFile: path + "/run.json", atomically: true, encoding: .utf8)
        try edit(path)
        return try use(RecordedRun(path))
    }

    private func append(_ text: String, to name: String) -> (String) throws -> Void {
        { path in
            let file = try #require(FileHandle(forWritingAtPath: path + "/" + name))
            try file.seekToEnd()
            try file.write(contentsOf: Data(text.utf8))
        }
    }

    @Test func `the seconds of the cell under way are on the disk, and count as no cell's`() throws
    {
        try run { run in
            #expect(run.cells.map(\.round) == [1])
            #expect(try run.timeline().map(\.key.round) == [1])
            let raw = try String(contentsOfFile: run.file("timeline.csv"), encoding: .utf8)
            #expect(raw.split(separator: "\n").count == 3)
        }
    }

    @Test func `what is left out is said with its seconds and uploads`() throws {
        let sentences = try run { try $0.cutOffCells() }
        #expect(sentences.count == 1)
        #expect(sentences[0].contains("round 2 of presigned-put"))
        #expect(sentences[0].contains("1 s with 2 uploads and 0 errors, and is left out"))
    }

    @Test(arguments: ["timeline.csv", "histograms.csv", "summary.csv"])
    func `a row that was torn when the process was killed is left out`(name: String) throws {
        try run(edit: append("presigned-put,10", to: name)) { run in
            #expect(run.cells.count == 1)
            #expect(try run.timeline().count == 1)
            #expect(try run.histograms(of: .response).count == 1)
            try run.checkWholeness()
        }
    }

    @Test func `buckets of a cell that was not summed up yet do not count`() throws {
        try run(edit: append("presigned-put,1024,2,response,7,7,1\n", to: "histograms.csv")) {
            run in
            #expect(try run.histograms(of: .response).keys.map(\.round) == [1])
            try run.checkWholeness()
        }
    }

    @Test(arguments: [
        #""status": "complete", "ended_at": "2026-01-01T00:01:00Z""#,
        #""status": "partial", "ended_at": "2026-01-01T00:01:00Z""#,
        #""status": "partial", "ended_at": "2026-01-01T00:01:00Z", "sessions": [{"end": "interrupted"}]"#,
    ])
    func `a run that could write its end is refused when a file of it is torn`(end: String) throws {
        #expect(throws: RecordedError.self) {
            try run(end, edit: append("presigned-put,10", to: "summary.csv")) { _ in }
        }
        #expect(throws: RecordedError.self) {
            try run(end, edit: append("presigned-put,10", to: "timeline.csv")) { try $0.timeline() }
        }
        let strange = append("presigned-put,1024,2,response,7,7,1\n", to: "histograms.csv")
        #expect(throws: RecordedError.self) {
            try run(end, edit: strange) { try $0.checkWholeness() }
        }
    }

    @Test func `a run whose disk was full may have a cell that is not whole`() throws {
        let end =
            #""status": "partial", "ended_at": "2026-01-01T00:01:00Z", "#
            + #""sessions": [{"end": "results not written"}]"#
        let torn = append("presigned-put,10", to: "timeline.csv")
        let seconds = try run(end, edit: torn) { try $0.timeline() }
        #expect(seconds.count == 1)
    }

    @Test func `a file that misses the rows of a summed-up cell is truncated, killed or not`()
        throws
    {
        let cut: (String) throws -> Void = { path in
            let header = Columns.histograms.joined(separator: ",") + "\n"
            try header.write(toFile: path + "/histograms.csv", atomically: true, encoding: .utf8)
        }
        #expect(throws: RecordedError.self) { try run(edit: cut) { try $0.checkWholeness() } }
    }
}
