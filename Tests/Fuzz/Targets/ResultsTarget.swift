@testable import BenchRunner

/// A results directory: run.json, and behind NUL bytes summary.csv, histograms.csv, timeline.csv,
/// samples.csv, signing.csv and guard.csv. Reading ends with what is there, or with an error that
/// names the file.
enum ResultsTarget {
    private static let names = [
        "run.json", "summary.csv", "histograms.csv", "timeline.csv", "samples.csv", "signing.csv",
        "guard.csv",
    ]

    static func run(_ input: [UInt8]) throws {
        var contents: [String: ArraySlice<UInt8>] = [:]
        for (name, bytes) in zip(names, input.parts(at: 0, limit: names.count))
        where !bytes.isEmpty {
            contents[name] = bytes
        }
        try ScratchFile.with(contents) { folder in
            do throws(RecordedError) {
                try read(folder, contents)
            } catch {
                try expect(
                    error.path.hasPrefix(folder) && !error.reason.isEmpty, error.description)
            }
        }
    }

    private static func read(
        _ folder: String, _ contents: [String: ArraySlice<UInt8>]
    ) throws(RecordedError) {
        let run = try RecordedRun(folder)
        if contents["histograms.csv"] != nil {
            try run.checkWholeness()
            _ = try run.mergedDistributions()
        }
        if contents["timeline.csv"] != nil { _ = try run.timeline() }
        if contents["guard.csv"] != nil { _ = try RecordedGuard.report(folder, run.record) }
        guard contents["samples.csv"] != nil else { return }
        let samples = try run.samples()
        while try samples.next() != nil {}
    }
}
