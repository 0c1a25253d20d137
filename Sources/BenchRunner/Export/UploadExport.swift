import Foundation
import Measure

/// The files that a run or a recorded run is to be written to in other tools' formats.
struct ExportPaths: Sendable {
    var paths: [ExportFormat: String] = [:]

    static let flags = [
        Flag(name: "jtl", valueName: "FILE", help: "write each upload as a JMeter JTL (CSV) too"),
        Flag(name: "vegeta", valueName: "FILE", help: "write each upload as vegeta's CSV too"),
        Flag(name: "k6", valueName: "FILE", help: "write each upload as k6's JSON lines too"),
    ]

    init() {}

    init(_ settings: Settings) {
        for format in ExportFormat.allCases {
            paths[format] = settings.text(format.rawValue)
        }
    }

    /// Reads `samples.csv` once and writes all files. Warm-up and what an interrupt cut off are left
    /// out, as in the summary.
    func write(_ run: RecordedRun) throws(CommandError) {
        guard !paths.isEmpty else { return }
        do throws(RecordedError) {
            let samples = try run.samples()
            let startUs = try Self.startUs(run)
            let files = try self.files()
            for (format, file) in files { try file.append(Array(format.head.utf8)) }
            var number = 0
            while let sample = try samples.next() {
                guard !sample.isWarmup, sample.outcome != .cancelled else { continue }
                for (format, file) in files {
                    try file.append(format.rows(sample, startUs: startUs, number: number))
                }
                number += 1
            }
            for (_, file) in files { try file.finish() }
        } catch {
            throw error.commandError
        }
    }

    private func files() throws(RecordedError) -> [(ExportFormat, ExportFile)] {
        var files: [(ExportFormat, ExportFile)] = []
        for format in ExportFormat.allCases {
            if let path = paths[format] { files.append((format, try ExportFile(path))) }
        }
        return files
    }

    private static func startUs(_ run: RecordedRun) throws(RecordedError) -> Int64 {
        let format = ISO8601DateFormatter()
        format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        guard let date = format.date(from: run.record.startedAt) else {
            throw RecordedError(
                path: run.record.path, column: "started_at",
                reason: "'\(run.record.startedAt.prefix(40))' is no time")
        }
        return Int64((date.timeIntervalSince1970 * 1_000_000).rounded())
    }
}

/// A file that is written in blocks.
private final class ExportFile {
    private let file: ResultFile
    private let path: String
    private var waiting: [UInt8] = []

    init(_ path: String) throws(RecordedError) {
        self.path = path
        do throws(ResultsError) {
            file = try OutputFile.open(path)
        } catch {
            throw RecordedError(error)
        }
    }

    func append(_ bytes: [UInt8]) throws(RecordedError) {
        waiting += bytes
        if waiting.count > 1 << 16 { try flush() }
    }

    func finish() throws(RecordedError) {
        try flush()
        do throws(ResultsError) {
            try file.close()
        } catch {
            throw RecordedError(error)
        }
    }

    private func flush() throws(RecordedError) {
        do throws(ResultsError) {
            try file.append(waiting)
        } catch {
            throw RecordedError(error)
        }
        waiting.removeAll(keepingCapacity: true)
    }
}

extension Command {
    static let export = Command(
        name: "export",
        summary: "writes a run's uploads in other tools' formats",
        usage: ["export RUN [--jtl FILE] [--vegeta FILE] [--k6 FILE]"],
        details: """
            Each upload is one request there: it starts at its intended start, takes its response time, and
            counts all bytes of all its requests. Warm-up is left out.

            JTL is the CSV that JMeter's listeners and its HTML report read; vegeta's CSV is read by
            'vegeta report' and 'vegeta plot'; k6's lines are those of 'k6 run --out json=FILE'.
            """,
        flags: ExportPaths.flags,
        operands: 1...1,
        run: { arguments throws(CommandError) in try ExportCommand.run(arguments) })
}

enum ExportCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> ExitCode {
        let settings = try Settings(arguments, for: .export)
        try OutputFile.check(settings)
        let exports = ExportPaths(settings)
        guard !exports.paths.isEmpty else {
            throw .usage("export needs --jtl FILE, --vegeta FILE or --k6 FILE")
        }
        let run = try CompareCommand.read(arguments.operands[0])
        do throws(RecordedError) {
            try run.tellWhatIsMissing()
        } catch {
            throw error.commandError
        }
        try exports.write(run)
        return .success
    }
}
