import Foundation
import Scenarios

extension Command {
    static let guardRails = Command(
        name: "guard",
        summary:
            "sends each strategy the uploads it should refuse and tabulates what is enforced, and where",
        usage: [
            "guard [FLAGS]",
            "guard --target http://127.0.0.1:9000 --bucket BUCKET --signer local [FLAGS]",
            "guard --target https://s3.eu-central-1.amazonaws.com --bucket BUCKET --gateway URL [FLAGS]",
        ],
        details: """
            Every upload is sent for real, and the bucket is looked at afterwards, which takes the
            credentials of its owner (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN) also
            where the API signs. All keys hold the run's name or were named by the API for this run; what
            is stored is deleted again, and what could not be is listed. Use a test user's UPLOADBENCH_TOKEN.

            Exit code: 0 once everything was tried, whatever the result. With --expect FILE it is 2 when a
            cell differs from that table, so accept one and gate on it:

              uploadbench guard -o results/accepted
              uploadbench guard --expect results/accepted/guard.csv

            The file needs the columns scenario and case; outcome, refused_by, http_status and error_code
            are compared if it has them, and * stands for anything.

            \(GuardFlags.caseList)
            """,
        flags: GuardFlags.all,
        run: { arguments throws(CommandError) in try GuardCommand.run(arguments) })
}

enum GuardFlags {
    static let all =
        RunFlags.named("scenarios") + own + RunFlags.named("part-size", "expires", "signer", "seed")
        + RunFlags.place + EmulationFlags.flags + output

    private static let own = [
        Flag(name: "cases", valueName: "A,B", help: "what to try (default: all; listed below)"),
        Flag(
            name: "limit", valueName: "BYTES",
            help: "the largest file the application wants to take (default 256KiB)"),
        Flag(
            name: "smallest", valueName: "BYTES",
            help: "the smallest file that it wants to take (default 1KiB)"),
        Flag(
            name: "largest-file", valueName: "BYTES",
            help: "no file is larger, not even 100 times the limit (default 32MiB)"),
        Flag(
            name: "expect", valueName: "FILE",
            help: "compare with this guard.csv; exit code 2 when a cell differs"),
    ]

    private static let output =
        RunFlags.named("plan", "format", "quiet", "no-color") + [
            Flag(
                name: "out", short: "o", valueName: "DIR",
                help: "results directory (default results/<time>-guard)")
        ]

    /// The cases in lines that fit a terminal.
    static var caseList: String {
        var lines = ["cases:"]
        for name in GuardCase.names {
            let line = lines[lines.count - 1]
            if line.count + name.count < 98 {
                lines[lines.count - 1] = line + " " + name
            } else {
                lines.append("  " + name)
            }
        }
        return lines.joined(separator: "\n")
    }
}

enum GuardCommand {
    static func run(_ arguments: Arguments) throws(CommandError) -> ExitCode {
        let plan = try GuardPlan(Settings(arguments, for: .guardRails))
        let expected = try plan.expectPath.map { path throws(CommandError) in
            try GuardExpectations(path: path)
        }
        Interruption.watch()
        let (target, endpoint) = try RunCommand.open(plan.base)
        defer { endpoint?.stop() }
        guard target.accessKey != nil, target.secretKey != nil else {
            throw .usage(
                "guard looks into the bucket after each upload: set AWS_ACCESS_KEY_ID and"
                    + " AWS_SECRET_ACCESS_KEY")
        }
        try Reachability(plan: plan.base, target: target).check()
        let startedAt = Date()
        let directory: ResultsDirectory
        do throws(ResultsError) {
            directory = try ResultsDirectory(
                requested: plan.base.outputPath, name: "guard", startedAt: startedAt)
        } catch {
            throw error.commandError
        }
        let session = try GuardSession(plan, target, directory, startedAt: startedAt)
        let report = try session.run(isThere: { endpoint?.isServing() ?? true })
        return try finish(
            report, plan, directory, expected, isTargetThere: endpoint?.isServing() ?? true)
    }

    private static func finish(
        _ report: GuardReport, _ plan: GuardPlan, _ directory: ResultsDirectory,
        _ expected: GuardExpectations?, isTargetThere: Bool
    ) throws(CommandError) -> ExitCode {
        let base = plan.base
        Terminal.write(
            GuardTable(report: report, usesColor: base.allowsColor, width: Terminal.width)
                .text(base.tableFormat))
        let isTable = base.tableFormat == .table
        if isTable, !base.isQuiet { Terminal.write("results: \(directory.path)") }
        guard isTargetThere else {
            throw CommandError(
                exitCode: .targetUnavailable,
                message: "the embedded endpoint ended; partial results are in \(directory.path)")
        }
        guard report.isComplete else {
            Terminal.writeError(
                "uploadbench: interrupted; partial results are in \(directory.path)")
            return .interrupted
        }
        guard let expected else { return .success }
        let differences = expected.differences(from: report.rows)
        differences.forEach { Terminal.writeError("differs: \($0)") }
        guard differences.isEmpty else { return .regression }
        if !base.isQuiet { Terminal.writeError("all cells are as \(expected.path) has them") }
        return .success
    }
}
