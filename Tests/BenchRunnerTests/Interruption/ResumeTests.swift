import Foundation
import Measure
import Testing

@testable import BenchRunner

@Suite struct GivenSettingsTests {
    private func given(
        _ words: [String], environment: [String: String] = [:], plan: [String: String] = [:]
    ) throws -> GivenSettings {
        GivenSettings(
            Settings(
                try Arguments(words, for: .run), environment: environment, recordedPlan: plan),
            for: .run)
    }

    /// Through `run.json` and back.
    private func again(
        _ given: GivenSettings, now: [String] = [], environment: [String: String] = [:]
    ) throws -> Settings {
        let data = try JSONSerialization.data(withJSONObject: given.object)
        let read = try #require(GivenSettings(try JSONSerialization.jsonObject(with: data)))
        return try read.settings(
            with: now, environment: environment, changeable: ["quiet", "max-bytes", "target"],
            for: .run)
    }

    @Test func `the plan that follows is the same, whichever source a setting came from`() throws {
        let settings = try again(
            given(
                ["-n", "50", "--slo", "errors < 1%", "--slo", "presigned-put p99 < 1s", "--tls"],
                environment: ["UPLOADBENCH_SIZE": "4KiB", "UPLOADBENCH_TOKEN": "t0ken"],
                plan: ["duration": "9s", "rounds": "4"]))
        let plan = try RunPlan(settings)
        // The flag wins over the plan file's duration, as it did.
        #expect(plan.extent == .uploads(50))
        #expect((plan.sizesBytes, plan.rounds) == ([4096], 4))
        #expect(plan.objectives.count == 2)
        #expect(plan.client.isSecure)
    }

    @Test func `neither a token nor what hides in a URL is kept`() throws {
        let given = try given(
            ["--target", "http://me:pa55@127.0.0.1:9/?token=t0ken", "--gateway", "http://h/prod"],
            environment: ["UPLOADBENCH_TOKEN": "t0ken"])
        let text = JSONText.render(given.object)
        #expect(!text.contains("pa55") && !text.contains("t0ken"))
        #expect(given.hidden == ["target"])
        #expect(text.contains("http:\\/\\/h\\/prod") || text.contains("http://h/prod"))
    }

    @Test func `what is given now wins, and the environment of now changes no plan`() throws {
        let settings = try again(
            given(["--max-bytes", "1MiB", "--rounds", "2"]), now: ["--max-bytes=2MiB"],
            environment: ["UPLOADBENCH_ROUNDS": "9", "UPLOADBENCH_QUIET": "1"])
        #expect(settings.text("max-bytes") == "2MiB")
        #expect(settings.text("rounds") == "2")
        #expect(try settings.isOn("quiet"))
    }
}

@Suite struct ResultsTrimTests {
    private let path = NSTemporaryDirectory() + "trim-\(UUID().uuidString)"

    /// A cell that is finished and one that is not, and what each file had before the second.
    private func cutOff(
        summing isSummed: Bool, _ use: (RecordedRun, [String: String]) throws -> Void
    ) throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let directory = try ResultsDirectory(requested: path, name: "run", startedAt: Date())
        let writer = try ResultsWriter(directory)
        try writer.append(ResultsTests.result(latenciesMs: [10, 20], failures: 1, round: 1))
        let before = try read()
        var open = ResultsTests.result(latenciesMs: [40, 50], failures: 0, round: 2)
        open.isCutOff = true
        if isSummed {
            try writer.append(open)
        } else {
            try writer.append(open.measurements.timeline.seconds, of: open.cell, open.load)
        }
        try writer.finish()
        let record =
            #"{"schema_version": 1, "tool": "uploadbench 0", "status": "partial", "#
            + #""started_at": "2026-01-01T00:00:00Z", "plan": {}}"#
        try record.write(toFile: path + "/run.json", atomically: true, encoding: .utf8)
        try use(RecordedRun(path), before)
    }

    private func read() throws -> [String: String] {
        var texts: [String: String] = [:]
        for name in ["summary.csv", "timeline.csv", "histograms.csv"] {
            texts[name] = try String(contentsOfFile: path + "/" + name, encoding: .utf8)
        }
        return texts
    }

    @Test(arguments: [true, false])
    func `files are as they were before the cell that was cut off`(isSummed: Bool) throws {
        try cutOff(summing: isSummed) { run, before in
            #expect(try read() != before)
            var trim = ResultsTrim(run)
            try trim.trim()
            #expect(try read() == before)
            // Nothing more to do.
            var again = ResultsTrim(try RecordedRun(path))
            try again.trim()
            #expect(try read() == before)
        }
    }

    @Test func `rows of a finished cell behind those of another were put there by hand`() throws {
        try cutOff(summing: false) { run, before in
            let file = try #require(FileHandle(forWritingAtPath: path + "/timeline.csv"))
            try file.seekToEnd()
            let row = try #require(before["timeline.csv"]?.split(separator: "\n").last)
            try file.write(contentsOf: Data((row + "\n").utf8))
            var trim = ResultsTrim(run)
            #expect(throws: CommandError.self) { try trim.trim() }
            #expect(try read()["timeline.csv"]?.contains(",2,0,2,0,") == true, "nothing was cut")
        }
    }

    @Test func `times go on behind the last finished upload, torn rows and all`() throws {
        try cutOff(summing: false) { run, _ in
            var rows = (Columns.samples + Columns.appendedToSamples).joined(separator: ",") + "\n"
            for (round, ended) in [(1, 900), (1, 1500), (2, 7000)] {
                rows +=
                    "presigned-put,\(run.cells[0].sizeBytes ?? 0),\(round),0,0,0,1,1,\(ended),1,1"
                rows += ",,,,,,,,ok,200,,0,1,1,1\n"
            }
            try (rows + "presigned-p").write(
                toFile: path + "/samples.csv", atomically: true, encoding: .utf8)
            var trim = ResultsTrim(try RecordedRun(path))
            try trim.trim()
            #expect(trim.lastEndedUs == 1500)
            let left = try String(contentsOfFile: path + "/samples.csv", encoding: .utf8)
            #expect(left.split(separator: "\n").count == 3 && left.hasSuffix("\n"))
        }
    }
}

@Suite struct RunLockTests {
    @Test func `two cannot have it, and it is free again when its owner is gone`() throws {
        let path = NSTemporaryDirectory() + "lock-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        var first: RunLock? = try RunLock(path)
        #expect(first != nil)
        #expect(try RunLock(path) == nil)
        first = nil
        #expect(try RunLock(path) != nil)
    }
}
