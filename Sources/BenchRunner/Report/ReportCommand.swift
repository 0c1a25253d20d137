import Foundation

extension Command {
    static let report = Command(
        name: "report",
        summary: "makes one self-contained HTML page of one or more results directories",
        usage: ["report RUN [RUN…] [-o report.html]"],
        details: """
            The page holds its styles, script and figures, fetches nothing, and reads in a browser, on a
            phone and in print: the verdict, the table, latency by percentile, by file size and over time,
            where the time goes, wire bytes, the machine and the plan. Every figure can be had as CSV. Of a
            directory of 'guard' it shows what each strategy enforces.

            With several runs, each has its part, and the first is what the others are compared with. A
            damaged or foreign file is refused with its line and column; a run that was cut off is marked.

            examples:
              uploadbench report results/2026-04-10T22-48-18Z-run
              uploadbench report results/base results/candidate -o compared.html
              uploadbench report results/* -o - > all.html
            """,
        flags: [
            Flag(
                name: "out", short: "o", valueName: "FILE",
                help: "the page (default report.html); - is standard output")
        ],
        operands: 1...64,
        run: { arguments throws(CommandError) in try ReportCommand.run(arguments) })
}

enum ReportCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> ExitCode {
        let output = arguments.value("out") ?? "report.html"
        guard !output.isEmpty else { throw .usage("--out: the name is empty") }
        let toStandardOutput = output == "-"
        if !toStandardOutput { try checkReplaceable(output) }
        let folder = URL(fileURLWithPath: output).deletingLastPathComponent().path
        let reader = ReportReader(pageFolder: toStandardOutput ? nil : folder)
        var runs: [ReportRun] = []
        for path in arguments.operands {
            do throws(RecordedError) {
                runs.append(try reader.read(path))
            } catch {
                throw error.commandError
            }
        }
        let page = ReportPage(
            runs: runs, between: BetweenRuns.figures(runs),
            tool: "uploadbench \(Uploadbench.version)")
        guard !toStandardOutput else {
            FileHandle.standardOutput.write(Data(page.html))
            return .success
        }
        try write(page.html, to: output)
        Terminal.write("report: \(output)")
        return .success
    }

    /// A page replaces an older page and nothing else: a results file named by mistake stays.
    private static func checkReplaceable(_ path: String) throws(CommandError) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        let opening = Array(ReportPage.opening.utf8)
        let file = try? RecordedFile(path)
        let head = file.flatMap { try? InputFile.block($0.descriptor, bytes: opening.count) }
        guard head == opening else {
            throw .usage("--out: '\(path)' is there and is no report; choose another name")
        }
    }

    /// In one step, so that an older page stays whole when the disk is full.
    private static func write(_ bytes: [UInt8], to path: String) throws(CommandError) {
        let temporary = path + ".new"
        do throws(ResultsError) {
            let file = try ResultFile(path: temporary)
            try file.append(bytes)
            try file.close()
            guard rename(temporary, path) == 0 else {
                throw ResultsError(path: path, operation: "write", code: errno)
            }
        } catch {
            unlink(temporary)
            throw error.commandError
        }
    }
}
